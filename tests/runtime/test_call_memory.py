"""Memory that a call needs for itself comes from the framework of its operands, in the one native call; small copies of
scales lie in the stream's workspace, unless the stream is captured.

On a driver that answers and computes nothing, with tensors of a made-up framework.
"""

import json
from pathlib import Path

import pytest
from exchange_tensor_build import build_exchange_tensor
from fake_driver import build_fake_driver, run_on_fake
from gemm_forms import ON_HOPPER as FORMS

SUPPORT = Path(__file__).parents[1] / "support"
PROGRAM = """
import ctypes, json, sys
sys.path[:0] = json.loads(sys.argv[1])
import aotgemm, numpy as np
import exchange_tensor
from aotgemm import _core
from exchange_tensor import ExchangeTensor, events
from gemm_forms import ON_HOPPER as FORMS

kept = []
def operands(form, k):
    given = form.operands(k)
    arrays = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
    kept.append({name: aotgemm.from_numpy(value) for name, value in arrays.items()})
    if {native}:
        return given | kept[-1]
    made = {name: ExchangeTensor(x.data_ptr, x.shape, x.stride, x.dtype) for name, x in kept[-1].items()}
    return given | made

operands(FORMS[0], 0)  # opens the driver
driver = ctypes.CDLL("libcuda.so.1")
ctypes.c_int.in_dll(driver, "capturing").value = {captured}
STREAM = 8  # any but the default one, which cannot be captured
def count_of(function):
    return ctypes.c_int.in_dll(driver, "calls_" + function).value
def launches():
    return ctypes.c_int.in_dll(driver, "calls_cuLaunchKernelEx").value
def outcome(call):
    before = launches()
    events.clear()
    try:
        call()
        message = ""
    except aotgemm.Error as error:
        message = f"{type(error).__name__}: {error}"
    noted = [(what, at - before) for what, at, _ in events]
    return [message, launches() - before, noted, sum(size for *_, size in events)]
"""
WORKSPACES = """
def made(form, k, **options):
    given, before = operands(form, k), count_of("cuMemAlloc_v2")
    noted = outcome(lambda: form.run(given, **options))
    return [*noted, count_of("cuMemAlloc_v2") - before]
fp8 = [form for form in FORMS if form.is_fp8]
LARGE = 1 << 18  # columns, whose scales of 256 rows take more than a workspace holds
print(json.dumps({
    "first": made(fp8[0], 1024),
    "others": [made(form, 1024) for form in fp8],
    "large": [made(form, LARGE) for form in fp8 if form.kind.shares_rows and form.kind.prepacked_b is None],
}))
"""
EARLY = """
def aligned(form, given):
    copied = ("sfa", "sfb") if form.kind.scales_b_by_row else ("sfa",)
    return given | {name: aotgemm.get_mn_major_tma_aligned_tensor(given[name]) for name in copied}
def early(form, given):
    count = ctypes.c_int.in_dll(driver, "early_launches")
    before = count.value
    form.run(given, stream=STREAM)
    return count.value - before
fp8 = [(form, operands(form, 1024)) for form in FORMS if form.is_fp8 and form.kind.prepacked_b is None]
print(json.dumps([[early(form, given), early(form, aligned(form, given))] for form, given in fp8]))
"""
THREADS = """
import threading, c_abi
from problems import CudaLike
ctypes.c_int.in_dll(driver, "copies_take_long").value = 1
given = operands(FORMS[0], 1024)
tensors = {name: x for name, x in given.items() if hasattr(x, "data_ptr")}
like = {name: CudaLike(x.shape, x.stride, x.dtype, address=x.data_ptr) for name, x in tensors.items()}
memory = c_abi.Allocator(c_abi.Allocator.ALLOCATE(lambda *_: 1 << 20), c_abi.Allocator.RELEASE(lambda *_: None))
def calls():
    for _ in range(100):
        c_abi.gemm("fp8_gemm_1d2d", "dense", "nt", allocator=memory, stream=STREAM, **like)
threads = [threading.Thread(target=calls) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps([launches(), ctypes.c_int.in_dll(driver, "mixed_copies").value]))
"""
STREAMS = """
given = [operands(FORMS[0], 1024) for _ in range(2)]
def made(stream):
    before = count_of("cuMemAlloc_v2"), count_of("cuMemFree_v2")
    FORMS[0].run(given[stream % 2], stream=stream)
    return [count_of("cuMemAlloc_v2") - before[0], count_of("cuMemFree_v2") - before[1]]
print(json.dumps([made(stream) for stream in [*range(1, 41)] * 2]))
"""
QUESTIONS = """
given = operands(FORMS[0], 1024)
def asked(stream):
    names = "cuStreamIsCapturing", "cuStreamGetId", "cuMemAlloc_v2"
    before = [count_of(name) for name in names]
    FORMS[0].run(given, stream=stream)
    return [count_of(name) - was for name, was in zip(names, before)]
print(json.dumps([asked(stream) for stream in (0, 0, STREAM, STREAM)]))
"""
EVERY_FORM = """
print(json.dumps([outcome(lambda: form.run(operands(form, k))) for form in FORMS for k in json.loads(sys.argv[2])]))
"""
REFUSALS = """
exchange_tensor.refuse(True)
refused = outcome(lambda: FORMS[0].run(operands(FORMS[0], 1024)))
exchange_tensor.refuse(False)
given_stream = outcome(lambda: FORMS[0].run(operands(FORMS[0], 1024), stream=0))
forced = outcome(lambda: FORMS[0].run(operands(FORMS[0], 1024), kernel=9999))
print(json.dumps([refused, given_stream, forced]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build_exchange_tensor(build_fake_driver(tmp_path_factory.mktemp("driver")))


def run(folder, program, *arguments, native=False, captured=True):
    """captured: streams, so that no workspace is used."""
    paths = json.dumps([str(folder), str(SUPPORT)])
    text = PROGRAM.replace("{native}", str(native)).replace("{captured}", str(int(captured))) + program
    return json.loads(run_on_fake(folder, "-c", text, paths, *map(json.dumps, arguments)))


def scale_copies(form, k):
    """Scales of several rows and columns lie row-major in the operands, which a GPU does not read."""
    if not form.is_fp8 or k <= 128:
        return 0
    return 2 if form.kind.scales_b_by_row else 1


def gemm_launches(form):
    return 2 if form.grouping == "k_grouped" and form.is_fp8 else 1


def sums(form):
    """Three batches are three partial sums here."""
    return 1 if form.grouping == "batch_reduced" else 0


K = 1024


@pytest.fixture(scope="module")
def outcomes(folder):
    return dict(zip(((form, k) for form in FORMS for k in (K, 0)), run(folder, EVERY_FORM, [K, 0]), strict=True))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_one_call_allocates_launches_all_and_gives_back(outcomes, form):
    message, launches, events, _ = outcomes[form, K]
    assert message == "" and launches == scale_copies(form, K) + gemm_launches(form) + sums(form)
    blocks = scale_copies(form, K) + sums(form)
    assert [what for what, _ in events] == ["allocate"] * blocks + ["release"] * blocks
    assert [at for what, at in events if what == "release"] == [launches] * blocks


@pytest.mark.parametrize("form", [form for form in FORMS if form.is_fp8], ids=str)
def test_copies_of_scales_have_columns_that_start_at_multiples_of_16_bytes(outcomes, form):
    groups = 2 if form.grouping in ("batched", "masked") else 1
    groups_of_b = 1 if form.grouping in ("dense", "k_grouped") else 2
    rows_of_b = 24 * groups_of_b if form.kind.scales_b_by_row else 0
    elements = (groups * form.m + rows_of_b) * K // 128
    assert outcomes[form, K][3] == 2 * 4 * elements  # allocated and released; M and N are multiples of 4


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_k_of_0_is_a_launch_like_any_other(outcomes, form):
    message, launches, events, _ = outcomes[form, 0]
    assert (message, launches, len(events)) == ("", gemm_launches(form) + sums(form), 2 * sums(form))


def test_device_arrays_bring_memory_of_their_own(folder):
    calls = [(form, k) for form in FORMS for k in (K, 0)]
    outcomes = run(folder, EVERY_FORM, [K, 0], native=True)
    for (form, k), (message, launches, events, _) in zip(calls, outcomes, strict=True):
        assert (message, launches, events) == ("", scale_copies(form, k) + gemm_launches(form) + sums(form), []), form


def test_nothing_is_launched_where_there_is_no_memory(folder):
    refused, given_stream, forced = run(folder, REFUSALS)
    assert refused[0] == "Error: allocator: gave no memory on CUDA device 0 for 256 bytes: MemoryError: no room"
    assert refused[1:3] == [0, []]
    assert given_stream[0].startswith("LayoutError: sfa: strides are (8, 1), must be (1, a multiple of 4 from 8 on)")
    assert given_stream[1:3] == [0, []]
    assert forced[0].startswith("KernelMissingError: kernel: 9999 is not a kernel of sm_90a") and forced[1:3] == [0, []]


@pytest.fixture(scope="module")
def workspaces(folder):
    return run(folder, WORKSPACES, captured=False)


def test_a_stream_gets_a_workspace_with_its_first_copy(workspaces):
    message, launches, events, size, allocations = workspaces["first"]
    assert (message, launches, events, size, allocations) == ("", 2, [], 0, 1)


def test_later_copies_allocate_nothing(workspaces):
    forms = [form for form in FORMS if form.is_fp8]
    for form, (message, launches, events, size, allocations) in zip(forms, workspaces["others"], strict=True):
        assert (message, launches) == ("", scale_copies(form, K) + gemm_launches(form)), form
        assert (events, size, allocations) == ([], 0, 0), form


def test_scales_that_a_workspace_does_not_hold_are_the_frameworks(workspaces):
    """256 rows of 2,048 scales are 2 MiB."""
    assert len(workspaces["large"]) == 2
    for message, launches, events, size, allocations in workspaces["large"]:
        assert (message, [what for what, _ in events]) == ("", ["allocate", "release"])
        assert (launches, size, allocations) == (2, 2 * 4 * 256 * 2048, 0)


@pytest.mark.parametrize(
    ("captured", "others"), [(False, [[1, 1, 1], [1, 1, 0]]), (True, [[1, 0, 1], [1, 0, 1]])], ids=["not", "captured"]
)
def test_the_driver_is_asked_little_about_the_default_stream(folder, captured, others):
    """Whether it is captured never, and its number once; other streams at each call, their number if not captured."""
    assert run(folder, QUESTIONS, native=True, captured=captured) == [[0, 1, 1], [0, 0, 0], *others]


def test_streams_have_workspaces_of_their_own_as_far_as_they_go(folder):
    """Later ones take memory for each call, and give it back."""
    made = run(folder, STREAMS, native=True, captured=False)
    assert made == [[1, 0]] * 32 + [[1, 1]] * 8 + [[0, 0]] * 32 + [[1, 1]] * 8


@pytest.mark.parametrize("captured", [False, True], ids=["a workspace", "memory of its own for each call"])
def test_threads_do_not_mix_their_copies_in_a_workspace(folder, captured):
    """With memory of its own for each call they may, and do."""
    launches, mixed = run(folder, THREADS, native=True, captured=captured)
    assert launches == 4 * 100 * 2 and (mixed > 0) == captured


@pytest.mark.parametrize("captured", [False, True])
def test_a_kernel_behind_a_copy_of_its_scales_may_begin_early(folder, captured):
    """The copy itself, and a kernel without one, may not; nor a second group but behind the first."""
    forms = [form for form in FORMS if form.is_fp8 and form.kind.prepacked_b is None]
    for form, (row_major, aligned) in zip(forms, run(folder, EARLY, native=True, captured=captured), strict=True):
        assert (row_major, aligned) == (gemm_launches(form), gemm_launches(form) - 1), form
