"""aotgemm.set_nvtx: ranges by name on the thread of the call, with a library that writes down what it is told."""

import os
import subprocess
import sys
from pathlib import Path

import aotgemm
import pytest
from fake_driver import build_fake_driver, run_on_fake
from plans import plan_without_calls
from problems import make_problem

SOURCE = Path(__file__).parents[1] / "support" / "fake_nvtx.cpp"
CPU_NAME = "fp8_gemm_1d2d dense nt bf16 5x24x144 groups=1"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """In a folder that looks like those of NVIDIA's packages."""
    path = tmp_path_factory.mktemp("site") / "nvidia" / "cu13" / "lib" / "libnvtx3interop.so.1"
    path.parent.mkdir(parents=True)
    subprocess.run(["c++", "-shared", "-fPIC", SOURCE, "-o", path], check=True)
    return path


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What the library was told so far."""
    path = tmp_path / "told"
    monkeypatch.setenv("FAKE_NVTX", str(path))
    yield lambda: path.read_text().splitlines() if path.exists() else []
    aotgemm.set_nvtx(None)


def test_a_gemm_on_the_cpu_is_a_range(library, told):
    aotgemm.set_nvtx(library)
    make_problem(5, 24, 144).run()
    aotgemm.set_nvtx(False)
    make_problem(5, 24, 144).run()
    assert told() == [f"+{CPU_NAME}", "-"]


def test_ranges_of_one_library_end_in_it(library, told):
    """A refused call begins none, so that none is left open."""
    aotgemm.set_nvtx(str(library))
    with pytest.raises(aotgemm.ShapeError):
        make_problem(5, 24, 144).run(recipe=(1, 32, 32))
    assert told() == []


def test_a_failing_call_ends_its_range(library, told):
    aotgemm.set_nvtx(library)
    with plan_without_calls(), pytest.raises(aotgemm.PlanError):
        make_problem(5, 24, 144).run()
    assert told() == [f"+{CPU_NAME}", "-"]


@pytest.mark.parametrize("name", ["no_library.so", "libc.so.6"])
def test_what_is_no_nvtx_is_refused_by_name(name, told):
    with pytest.raises(aotgemm.errors.RequestError, match=f"library: NVTX cannot be opened .*({name}|nvtxRangePushA)"):
        aotgemm.set_nvtx(name)
    make_problem(5, 24, 144).run()


@pytest.mark.parametrize("given", [1, 0, 0.5, b"x", "\0", []])
def test_what_is_no_library_is_refused(given):
    with pytest.raises(aotgemm.DtypeError, match="^library: "):
        aotgemm.set_nvtx(given)


CPU_CALL = """
import ml_dtypes, numpy, aotgemm
a, b, d = (numpy.ones(shape, ml_dtypes.bfloat16) for shape in ((4, 64), (8, 64), (4, 8)))
aotgemm.bf16_gemm_nt(a, b, d)
"""


@pytest.mark.parametrize("is_found, given, count", [(True, "1", 2), (False, "{}", 2), (True, "0", 0), (True, None, 0)])
def test_the_environment_asks_for_ranges(library, told, is_found, given, count):
    """1 finds the library in a package, here before the one that PyTorch may have brought; a path is that one."""
    paths = [str(library.parents[3])] * is_found + [str(Path(aotgemm.__file__).parents[1])]
    asked = {} if given is None else {"AOTGEMM_NVTX": given.format(library)}
    environment = asked | {"PYTHONPATH": os.pathsep.join(paths), "FAKE_NVTX": os.environ["FAKE_NVTX"]}
    subprocess.run([sys.executable, "-c", CPU_CALL], env=environment, check=True)
    assert len(told()) == count


GPU_CALLS = """
import sys
import ml_dtypes, numpy, aotgemm
def ones(shape, dtype): return aotgemm.from_numpy(numpy.ones(shape, dtype))
a, sfa = ones((64, 512), ml_dtypes.float8_e4m3fn), ones((64, 4), numpy.float32)
b, sfb = ones((256, 512), ml_dtypes.float8_e4m3fn), ones((2, 4), numpy.float32)
d = ones((64, 256), ml_dtypes.bfloat16)
aotgemm.set_nvtx(sys.argv[1])
aligned = aotgemm.get_mn_major_tma_aligned_tensor(sfa)
aotgemm.fp8_gemm_nt((a, aligned), (b, sfb), d)
"""


def test_launches_lie_within_their_gemm(library, told, tmp_path):
    run_on_fake(build_fake_driver(tmp_path), "-c", GPU_CALLS, str(library))
    transpose, end, gemm, kernel, *ends = told()
    assert transpose.startswith("+sm90_transpose_sf") and end == "-"
    assert gemm == "+fp8_gemm_1d2d dense nt bf16 64x256x512 groups=1"
    assert kernel.startswith("+sm90_fp8_gemm_1d2d_dense_nt_bf16_") and ends == ["-", "-"]
