"""The CPU is a rehearsal of a GPU: every call, with one thing about an operand's memory changed, in the same words.

On a driver that answers and computes nothing, in compile mode.
"""

import json
from pathlib import Path

import pytest
from exchange_tensor_build import build_exchange_tensor
from fake_driver import build_fake_driver, run_on_fake
from gemm_forms import ON_HOPPER as FORMS

SUPPORT = Path(__file__).parents[1] / "support"
PROGRAM = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import aotgemm, numpy as np
from dataclasses import replace
from call_mutations import OPERANDS, places_of
from exchange_tensor import ExchangeTensor
from gemm_forms import ON_HOPPER as FORMS

def moved(by):
    return lambda place, of: replace(place, address=place.address + by)

def onto(name, by=0):
    return lambda place, of: replace(place, address=of[name].address + by) if of.get(name) else place

def row_stride(change):
    def changed(place, of):
        at = max(len(place.shape) - 2, 0)
        return replace(place, stride=(*place.stride[:at], change(place.stride[at]), *place.stride[at + 1 :]))
    return changed

def stored_transposed(place, of):
    rows = place.shape[-2] if len(place.shape) > 1 else 0
    return replace(place, stride=(*place.stride[:-2], 1, rows + -rows % 16)) if rows else place

def spread(place, of):
    return replace(place, stride=tuple(2 * step for step in place.stride))

def flipped(place, of):
    return replace(place, stride=(-place.stride[0], *place.stride[1:]))

OF_AN_INDEX = ("sound", "odd address", "columns apart", "backwards", "no memory")  # whose memory the CPU reads
CHANGES = {
    "sound": lambda place, of: place,
    "odd address": moved(1),
    "address of another element": moved(4),
    "another row": row_stride(lambda step: step + 1),
    "rows 8 bytes off": row_stride(lambda step: step + 4),
    "more room in a row": row_stride(lambda step: step + 16),
    "one row for all": row_stride(lambda step: 0),
    "far rows": row_stride(lambda step: 1 << 41),
    "rows beyond 64 bits": row_stride(lambda step: 1 << 61),
    "columns apart": spread,
    "backwards": flipped,
    "stored transposed": stored_transposed,
    "no memory": lambda place, of: replace(place, address=0),
    "in the memory of a": onto("a"),
    "in the memory of b": onto("b", 16),
    "in the memory of sfa": onto("sfa"),
    "in the memory of d": onto("d"),
    "16 bytes into d": onto("d", 16),
}
kept = []
aotgemm.set_compile_mode(1)
for form in FORMS:
    given = form.operands(256)
    given["c"] = given["d"].copy() if form.kind.takes_c or form.grouping == "batch_reduced" else None
    kept.append(given)
    places = {name: place for name, place in places_of({n: given[n] for n in OPERANDS}).items() if place is not None}
    for name, place in places.items():
        for change in OF_AN_INDEX if name == "index" else CHANGES:
            of_place = CHANGES[change]
            changed = places | {name: of_place(place, places)}
            verdicts = []
            for device in (1, 2):
                tensors = {n: ExchangeTensor(p.address, p.shape, p.stride, p.dtype, device) for n, p in changed.items()}
                try:
                    form.run(given | tensors)
                    verdicts.append("")
                except aotgemm.Error as error:
                    verdicts.append(f"{type(error).__name__}: {error}")
            print(json.dumps([str(form), name, change, *verdicts]))
"""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    folder = build_exchange_tensor(build_fake_driver(tmp_path_factory.mktemp("driver")))
    lines = run_on_fake(folder, "-c", PROGRAM, json.dumps([str(folder), str(SUPPORT)])).splitlines()
    return {tuple(key): (cpu, cuda) for *key, cpu, cuda in map(json.loads, lines)}


def test_every_change_of_every_operand_of_every_call(verdicts):
    assert {form for form, _, _ in verdicts} == {str(form) for form in FORMS}
    different = {key: both for key, both in verdicts.items() if both[0] != both[1]}
    assert different == {}


def verdicts_of(verdicts, name, change):
    return {form: cuda for (form, operand, what), (_, cuda) in verdicts.items() if (operand, what) == (name, change)}


@pytest.mark.parametrize("name", ["a", "sfa", "b", "sfb", "c", "d", "index"])
def test_a_sound_call_is_taken_and_one_without_memory_is_not(verdicts, name):
    assert set(verdicts_of(verdicts, name, "sound").values()) == {""}
    for message in verdicts_of(verdicts, name, "no memory").values():
        assert message.startswith("LayoutError: ") and ": data is null" in message


@pytest.mark.parametrize(
    "change",
    ["odd address", "address of another element", "another row", "one row for all", "far rows", "rows beyond 64 bits"]
    + ["columns apart", "backwards", "stored transposed", "in the memory of a", "in the memory of b"],
)
def test_what_no_gpu_writes_is_refused(verdicts, change):
    for message in verdicts_of(verdicts, "d", change).values():
        assert message.startswith("LayoutError: d: ")


@pytest.mark.parametrize("change", ["in the memory of d", "16 bytes into d"])
def test_c_may_be_d_and_nothing_between(verdicts, change):
    for message in verdicts_of(verdicts, "c", change).values():
        assert (message == "") is (change == "in the memory of d")


def test_weights_stored_transposed(verdicts):
    """Where the kernels for it are: everywhere in BF16 but in masked calls and in sums."""
    taken = {form for form, message in verdicts_of(verdicts, "b", "stored transposed").items() if message == ""}
    by_strides = ("dense", "batched", "contiguous", "psum")
    vectors = {str(form) for form in FORMS if form.is_fp8 and form.grouping == "k_grouped"}  # have no other way to lie
    assert taken == vectors | {str(form) for form in FORMS if not form.is_fp8 and form.grouping in by_strides}
