"""Memory that a call needs for itself comes from the framework of its operands, in the one native call.

On a driver that answers and computes nothing, with tensors of a made-up framework.
"""

import json
from pathlib import Path

import pytest
from exchange_tensor_build import build_exchange_tensor
from fake_driver import build_fake_driver, run_on_fake
from gemm_forms import FORMS

SUPPORT = Path(__file__).parents[1] / "support"
PROGRAM = """
import ctypes, json, sys
sys.path[:0] = json.loads(sys.argv[1])
import aotgemm, numpy as np
import exchange_tensor
from aotgemm import _core
from exchange_tensor import ExchangeTensor, events
from gemm_forms import FORMS

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


def run(folder, program, *arguments, native=False):
    paths = json.dumps([str(folder), str(SUPPORT)])
    text = PROGRAM.replace("{native}", str(native)) + program
    return json.loads(run_on_fake(folder, "-c", text, paths, *map(json.dumps, arguments)))


def scale_copies(form, k):
    """Scales of several rows and columns lie row-major in the operands, which a GPU does not read."""
    if not form.is_fp8 or k <= 128:
        return 0
    return 2 if form.family == "fp8_gemm_1d1d" else 1


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
    elements = groups * form.m * K // 128 + (24 * K // 128 if form.family == "fp8_gemm_1d1d" else 0)
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
