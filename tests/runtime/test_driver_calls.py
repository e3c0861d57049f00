"""What a call costs on the host, counted in driver calls, and the measuring commands from end to end: on a driver that
answers and computes nothing."""

import json

import pytest
from aotgemm import _core
from aotgemm.tune.grids import TUNED_KINDS
from aotgemm.tune.kernels import kernels_on
from fake_driver import build_fake_driver, driver_symbols, run_on_fake

from codegen.matrix import all_specs
from codegen.write import tile_rates

H100 = _core.named_device("h100")
US = 1e3 / 64  # between any two events of the fake driver
COUNT_CALLS = """
import ctypes, json, sys
from aotgemm import _core
from aotgemm.problems.arena import OperandArena
from aotgemm.problems.backends import CudaBackend
from aotgemm.problems.call import prepared
from aotgemm.problems.kinds import KINDS
from aotgemm.problems.sizes import Size

def counts():
    return {name: ctypes.c_int.in_dll(driver, f"calls_{name}").value for name in json.loads(sys.argv[1])}

sizes = Size(64, 512, 1024), Size(65, 512, 1024)
arena = OperandArena(KINDS["fp8_gemm_1d2d"], sizes, CudaBackend())
driver = ctypes.CDLL("libcuda.so.1")
first, second = (prepared(arena.problem(size)) for size in sizes)
first()
snapshots = [counts()]
for step in (first, second, first, lambda: _core.preload(0)):
    step()
    snapshots.append(counts())
print(json.dumps([
    {name: after[name] - before[name] for name in after if after[name] > before[name]}
    for before, after in zip(snapshots, snapshots[1:])
]))
"""


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    return build_fake_driver(tmp_path_factory.mktemp("driver"))


@pytest.fixture(scope="module")
def driver_calls(fake):
    """Driver calls of: the same GEMM again, one of another M, the first again, preload()."""
    return json.loads(run_on_fake(fake, "-c", COUNT_CALLS, json.dumps(driver_symbols())))


SCOPE = {"cuCtxGetCurrent": 1, "cuCtxPushCurrent_v2": 1, "cuCtxPopCurrent_v2": 1}  # no framework made a context current


def test_a_repeated_call_asks_for_a_launch_and_nothing_else(driver_calls):
    assert driver_calls[0] == driver_calls[2] == SCOPE | {"cuLaunchKernelEx": 1}


def test_another_m_costs_tensor_maps_and_perhaps_a_kernel(driver_calls):
    loading = ("cuLibraryLoadData", "cuLibraryGetKernel", "cuKernelSetAttribute")
    assert {name: calls for name, calls in driver_calls[1].items() if name not in loading} == SCOPE | {
        "cuTensorMapEncodeTiled": 3,  # of A, its scales and D; B's is there
        "cuLaunchKernelEx": 1,
    }
    assert all(driver_calls[1].get(name, 0) <= 1 for name in loading)


def test_preload_loads_what_is_missing(driver_calls):
    kernels = sum(spec.arch == "sm_90a" for spec in all_specs())
    assert driver_calls[3]["cuKernelGetFunction"] == kernels
    assert kernels - 2 <= driver_calls[3]["cuLibraryLoadData"] < kernels


LAUNCHES = """
import ctypes, json, random, sys
import aotgemm
from aotgemm import _core
from aotgemm.problems.arena import OperandArena
from aotgemm.problems.backends import CudaBackend
from aotgemm.problems.call import call
from aotgemm.problems.kinds import KINDS
from aotgemm.problems.sizes import Size

random.seed(1)
shapes = [(random.choice([1, 3, 64, 100, 129, 700, 2048]), 8 * random.randint(1, 300), 16 * random.randint(1, 100))
          for _ in range(60)]
arena, answers = OperandArena(KINDS["fp8_gemm_1d2d"], [Size(*shape) for shape in shapes], CudaBackend()), []
driver = ctypes.CDLL("libcuda.so.1")
for shape in shapes:
    num_sms = random.choice([0, 0, 1, 24, 131])
    aotgemm.set_num_sms(num_sms)
    call(arena.problem(Size(*shape)))
    name = ctypes.c_char_p.in_dll(driver, "last_kernel").value.decode()
    answers.append((shape, num_sms, name, ctypes.c_uint.in_dll(driver, "last_grid").value))
print(json.dumps([_core.cuda_device(0), answers]))
"""


def test_what_is_launched_is_what_the_selection_says_offline(fake):
    device, launches = json.loads(run_on_fake(fake, "-c", LAUNCHES))
    assert len({name for _, _, name, _ in launches}) > 5
    for shape, num_sms, name, grid in launches:
        choice = _core.select("fp8_gemm_1d2d", *shape, num_sms, device, 1)[0]
        assert (name, grid) == (choice["name"], choice["grid"]), (shape, num_sms)


TOLD = """
import ctypes, json, sys
from aotgemm import _core
from aotgemm.problems.arena import OperandArena
from aotgemm.problems.backends import CudaBackend
from aotgemm.problems.call import call
from aotgemm.problems.kinds import KINDS
from aotgemm.problems.sizes import Size

driver, answers = ctypes.CDLL("libcuda.so.1"), []
kernels = {spec["name"].removeprefix("sm90_fp8_gemm_1d2d_dense_nt_bf16_"): i for i, spec in enumerate(_core.specs())}
for tile, *shape in json.loads(sys.argv[1]):
    size = Size(*shape)
    call(OperandArena(KINDS["fp8_gemm_1d2d"], [size], CudaBackend()).problem(size), kernels[tile])
    answers.append([ctypes.c_int.in_dll(driver, name).value for name in ("last_group_m", "last_b_evict_first")])
print(json.dumps(answers))
"""


def told(fake, *calls):
    """Tile rows of a band, and whether B is streamed, for each (tile, M, N, K)."""
    return json.loads(run_on_fake(fake, "-c", TOLD, json.dumps(calls)))


def test_fp8_tiles_of_128_rows_have_low_bands_unless_one_holds_all(fake):
    tile, others = "128x192x128_s4_f1_c1x1", ("128x128x128_s5_f1_c1x1", "64x256x128_s4_f1_c1x1")
    calls = [*((tile, m) for m in (128, 1280, 1664, 32768)), *((other, 32768) for other in others)]
    *bands, of_128_rows, of_64_rows = [band for band, _ in told(fake, *((*call, 4096, 256) for call in calls))]
    assert bands == [1, 10, 8, 8] and of_128_rows == 8 < of_64_rows


def test_b_is_streamed_where_it_is_read_once_and_d_is_small(fake):
    tile = "128x192x128_s4_f1_c1x1"
    calls = [(tile, 512, 4096, 256), (tile, 512, 24576, 256), (tile, 32768, 128, 256), (tile, 256, 24576, 256)]
    assert [stream for _, stream in told(fake, *calls)] == [1, 0, 0, 1]


SUMS_OVER_BATCHES = """
import ctypes, json
import ml_dtypes, numpy as np
import aotgemm

driver, answers = ctypes.CDLL("libcuda.so.1"), []
launches = ctypes.c_int.in_dll(driver, "calls_cuLaunchKernelEx")

def array(*shape, dtype=ml_dtypes.bfloat16):
    return aotgemm.from_numpy(np.zeros(shape, dtype))

BF16, FP32 = ml_dtypes.bfloat16, np.float32
for batches, dtype in ((133, FP32), (133, BF16), (1, BF16), (1, FP32), (0, FP32)):
    before = launches.value
    aotgemm.einsum("bmk,bnk->mn", array(batches, 40, 64), array(batches, 72, 64), array(40, 72, dtype=dtype))
    name = ctypes.c_char_p.in_dll(driver, "last_kernel").value.decode()
    answers.append((launches.value - before, name, ctypes.c_uint.in_dll(driver, "last_grid").value))
print(json.dumps(answers))
"""


def test_a_sum_over_batches_is_added_up_where_it_has_parts_or_another_type(fake):
    answers = json.loads(run_on_fake(fake, "-c", SUMS_OVER_BATCHES))
    assert answers[:3] == [[2, f"sm90_ordered_sum_fp32_{out}", 6] for out in ("fp32", "bf16", "bf16")]
    for launches, name, grid in answers[3:]:
        assert launches == 1 and name.startswith("sm90_bf16_gemm_batch_reduced_nt_fp32_") and grid in (1, 2)


K_GROUPS = """
import ctypes, json
import ml_dtypes, numpy as np
import aotgemm

FP8, KS, M, N = ml_dtypes.float8_e4m3fn, (256, 0, 128), 40, 72
driver, answers = ctypes.CDLL("libcuda.so.1"), []
counted = [ctypes.c_int.in_dll(driver, name) for name in ("calls_cuLaunchKernelEx", "early_launches")]

def operand(rows):
    sf = aotgemm.from_numpy(np.zeros((sum(KS) // 128, rows), np.float32))
    return aotgemm.from_numpy(np.zeros(rows * sum(KS), FP8)), sf.as_strided([rows, sum(KS) // 128], [1, rows])

a, b, ks = operand(M), operand(N), aotgemm.from_numpy(np.array(KS, np.int32))
d = aotgemm.from_numpy(np.zeros((len(KS), M, N), np.float32))
for num_sms in (0, 100):
    aotgemm.set_num_sms(num_sms)
    before = [count.value for count in counted]
    aotgemm.k_grouped_fp8_gemm_nt_contiguous(a, b, d, list(KS), ks, d)
    answers.append([count.value - was for count, was in zip(counted, before)])
print(json.dumps(answers))
"""


def test_k_groups_of_a_call_run_side_by_side_where_they_may_use_all_sms(fake):
    assert json.loads(run_on_fake(fake, "-c", K_GROUPS)) == [[3, 2], [3, 0]]


KERNELS_OF_K_GROUPS = """
import json, sys
from pathlib import Path
import ml_dtypes, numpy as np
import aotgemm
from aotgemm import _core

KS, M, N = (256, 128, 2688), 2048, 768

def operand(rows):
    sf = aotgemm.from_numpy(np.zeros((sum(KS) // 128, rows), np.float32))
    values = aotgemm.from_numpy(np.zeros(rows * sum(KS), ml_dtypes.float8_e4m3fn))
    return values, sf.as_strided([rows, sum(KS) // 128], [1, rows])

def chosen(m, k):
    return _core.select("fp8_gemm_1d1d", m, N, k, 0, _core.cuda_device(0), 1, "dense", "nt", "fp32", 1)[0]["name"]

aotgemm.set_verbose(sys.argv[1])
d, ks = aotgemm.from_numpy(np.zeros((len(KS), M, N), np.float32)), aotgemm.from_numpy(np.array(KS, np.int32))
aotgemm.k_grouped_fp8_gemm_nt_contiguous(operand(M), operand(N), d, list(KS), ks, d)
aotgemm.set_verbose(None)
names = [word for line in Path(sys.argv[1]).read_text().splitlines() for word in line.split(",") if "sm90_fp8" in word]
print(json.dumps([names, chosen(3 * M, 1024), chosen(M, KS[0])]))
"""


def test_k_groups_of_a_call_run_one_kernel(fake, tmp_path):
    """That of one product with the rows of all of them and their mean K, not each its own."""
    names, of_all, of_one = json.loads(run_on_fake(fake, "-c", KERNELS_OF_K_GROUPS, tmp_path / "lines"))
    assert names == [of_all] * 3 and of_all != of_one


def aotgemm_json(fake, *arguments):
    return json.loads(run_on_fake(fake, "-m", "aotgemm", *map(str, arguments), "--json"))


def test_tune_from_end_to_end(fake, tmp_path):
    rates = tmp_path / "rates.txt"
    options = ["--results", tmp_path / "r.jsonl", "--rates", rates, "--shapes", "512x1024", "--m", "1,64"]
    report = aotgemm_json(fake, "tune", *options)
    assert (report["card"], report["points"], report["regret, worst"]) == ("Fake H100", 2, 1)
    table = tile_rates.read_file(rates, all_specs())
    (kind,) = table.kinds.values()
    assert (kind.words, kind.card) == (TUNED_KINDS["fp8_gemm_1d2d"].words, "Fake H100")
    assert {rate.points for rate in table.tiles.values()} == {2}


@pytest.mark.parametrize(
    "kind", [name for name, kind in TUNED_KINDS.items() if kernels_on(kind, H100) and name != "fp8_gemm_1d2d"]
)
def test_every_kind_is_measured(fake, tmp_path, kind):
    rates = tmp_path / "rates.txt"
    options = ["--results", tmp_path / "r.jsonl", "--rates", rates, "--shapes", "512x1024", "--m", "128,256"]
    report = aotgemm_json(fake, "tune", "--kind", kind, "--groups", "2,4", *options)
    points = 2 * (1 if TUNED_KINDS[kind].grouping == "dense" else 2)
    assert report["points"] == points
    table = tile_rates.read_file(rates, all_specs())
    assert set(table.kinds) == {TUNED_KINDS[kind].kernel_words}
    assert set(table.tiles) == {spec["name"] for spec in kernels_on(TUNED_KINDS[kind], H100)}
    assert {rate.points for rate in table.tiles.values()} == {points}


def test_random_problems_are_measured(fake, tmp_path):
    """Sizes of groups as a router draws them, among them such as have no row."""
    options = ["--kind", "fp8_gemm_1d2d_masked", "--shapes", "512x1024", "--groups", "4", "--points", "5"]
    assert aotgemm_json(fake, "tune", "--results", tmp_path / "r.jsonl", *options)["points"] == 5


def test_bench_from_end_to_end(fake):
    options = ["decode", "host", "--peers", "none", "--shapes", "512x1024", "--m", "1,64"]
    document = aotgemm_json(fake, "bench", *options)
    assert [(row["m"], row["us"]) for row in document["gemm"]["rows"]] == [(m, {"aotgemm": US}) for m in (1, 64)]
    assert document["gemm"]["limits"]["gbps"] == (1 << 30) / US / 1e3
    assert list(document["host"]["us"]) == [
        "aotgemm.fp8_gemm_nt, DeviceArray",
        "arguments read before, DeviceArray",
    ]


def test_first_calls_are_timed_in_processes_of_their_own(fake):
    document = aotgemm_json(fake, "bench", "first_call", "--peers", "none")
    assert document["first_call"]["first call of a shape"]["shapes"] == 21
    assert document["first_call"]["preload of every kernel"]["ms"] > 0
