"""The GPUs of the machine, from a stand-in for the driver's management library."""

import json
import os
import subprocess
import sys
from pathlib import Path

import aotgemm
import pytest

STANDIN = """
#include <cstdint>
#include <cstdlib>
static int failure(const char* name) { return std::getenv(name) ? 999 : 0; }
extern "C" {
int nvmlInit_v2() { return failure("NO_INIT"); }
int nvmlShutdown() { return 0; }
int nvmlDeviceGetCount_v2(unsigned* count) { *count = 2; return failure("NO_COUNT"); }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
    *device = reinterpret_cast<void*>(std::uintptr_t{index} + 9);
    return index == 1 ? failure("NO_SECOND") : 0;
}
int nvmlDeviceGetCudaComputeCapability(void* device, int* major, int* minor) {
    *major = static_cast<int>(reinterpret_cast<std::uintptr_t>(device));
    *minor = 0;
    return failure("NO_CAPABILITY");
}
}
"""
PROBE = "import json\nfrom aotgemm.compat import devices\nprint(json.dumps(devices.compute_capabilities()))"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nvml")
    (folder / "nvml.cpp").write_text(STANDIN)
    library = folder / "libnvidia-ml.so.1"
    subprocess.run(["c++", "-shared", "-fPIC", "-o", library, folder / "nvml.cpp"], check=True)
    return folder


@pytest.mark.parametrize(
    "failing, expected",
    [
        ("", [[9, 0], [10, 0]]),
        ("NO_SECOND", [[9, 0]]),
        ("NO_CAPABILITY", []),
        ("NO_COUNT", []),
        ("NO_INIT", []),
    ],
)
def test_what_the_library_says(folder, failing, expected):
    site = str(Path(aotgemm.__file__).parents[1])
    environment = {"LD_LIBRARY_PATH": str(folder), "PYTHONPATH": site, "PATH": os.environ["PATH"]}
    environment |= {failing: "1"} if failing else {}
    done = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == expected
