"""The library's cost model with its constants made variable: compiled from cpp/dispatch/select/cost_model.cpp itself,
so that what is fitted is what ships. Needs a C++20 compiler and the installed package, whose table of kernels it reads."""

from __future__ import annotations

import ctypes
import re
import subprocess
from pathlib import Path
from typing import Any

import aotgemm
import numpy as np

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "cpp/dispatch/select/cost_model.cpp"
CONSTANT = re.compile(r"^constexpr double (k\w+) = ([^;]+);", re.MULTILINE)
ENTRY = """
extern "C" void set_constants(const double* values) {{
{assignments}}}
extern "C" void get_constants(double* values) {{
{reads}}}
extern "C" void predict_all(int64_t count, const int32_t* kernels, const int64_t* sizes, const char* const* problem,
                            const int32_t* device_numbers, double* us) {{
    aotgemm_device device{{}};
    device.cc_major = device_numbers[0];
    device.cc_minor = device_numbers[1];
    device.num_sms = device_numbers[2];
    device.memory_gbps = device_numbers[3];
    device.clock_mhz = device_numbers[4];
    for (int64_t i = 0; i < count; ++i, sizes += 4) {{
        const aotgemm_problem asked{{problem[0], problem[1], problem[2], problem[3], static_cast<int32_t>(sizes[3]),
                                    sizes[0], sizes[1], sizes[2], device.num_sms}};
        us[i] = aotgemm::predict(*aotgemm_spec_at(kernels[i]), asked, device).us;
    }}
}}
"""
DEVICE_NUMBERS = ("cc_major", "cc_minor", "num_sms", "memory_gbps", "clock_mhz")


class CostModel:
    """`folder` receives the compiled model."""

    def __init__(self, folder: Path) -> None:
        self.names = [name for name, _ in CONSTANT.findall(SOURCE.read_text(encoding="utf-8"))]
        self._library = ctypes.CDLL(str(_compile(self.names, folder)))
        self.stated = np.empty(len(self.names))  # the constants as they stand in the source
        self._library.get_constants(_pointer(self.stated))

    def predict(
        self,
        constants: np.ndarray,
        kernels: np.ndarray,
        sizes: np.ndarray,
        kinds: tuple[str, ...],
        device: dict[str, Any],
    ) -> np.ndarray:
        """Microseconds, one for each row of `sizes` (int64 [count, 4]: m, n, k, groups) and entry of `kernels`.

        kinds: family, grouping, layout, out_dtype of all of them."""
        constants = np.ascontiguousarray(constants, np.float64)
        kernels, sizes = np.ascontiguousarray(kernels, np.int32), np.ascontiguousarray(sizes, np.int64)
        problem = (ctypes.c_char_p * 4)(*(kind.encode() for kind in kinds))
        numbers = (ctypes.c_int32 * 5)(*(device[name] for name in DEVICE_NUMBERS))
        us = np.empty(len(kernels))
        self._library.set_constants(_pointer(constants))
        count = ctypes.c_int64(len(kernels))
        self._library.predict_all(count, _pointer(kernels), _pointer(sizes), problem, numbers, _pointer(us))
        return us


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _compile(names: list[str], folder: Path) -> Path:
    package = Path(aotgemm.__file__).parent
    assignments = "".join(f"    aotgemm::{name} = values[{i}];\n" for i, name in enumerate(names))
    reads = "".join(f"    values[{i}] = aotgemm::{name};\n" for i, name in enumerate(names))
    model = CONSTANT.sub(r"double \1 = \2;", SOURCE.read_text(encoding="utf-8"))
    source, out = folder / "cost_model.cpp", folder / "cost_model.so"
    source.write_text(model + ENTRY.format(assignments=assignments, reads=reads), encoding="utf-8")
    flags = ["-std=c++20", "-O2", "-fPIC", "-shared", f"-I{ROOT}/cpp", f"-I{ROOT}/cpp/include"]
    link = [f"-L{package}", "-laotgemm", f"-Wl,-rpath,{package}"]
    subprocess.run(["c++", *flags, str(source), "-o", str(out), *link], check=True)
    return out
