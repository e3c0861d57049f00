"""The self-tests of operations that are no GEMM: right ones pass, and what is wrong shows, for a small one."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from aotgemm import _core
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.memory import POISON_BYTE, STRIDED
from aotgemm.problems.operation import LEVELS, Operation, Output, Rows, Run, lay_out
from aotgemm.problems.operations import OPERATIONS
from aotgemm.selftest import operations
from aotgemm.selftest.determinism import operations as determinism
from aotgemm.selftest.determinism.variants import LaunchVariants
from aotgemm.selftest.tally import Tallies

CPU = CpuBackend()
WITHOUT_A_CALL = {"ordered_sum", "tcgen05_mma"}  # GEMMs over batches launch the one, reports of the self-test the other


@dataclass(frozen=True)
class ToySize:
    m: int
    n: int


def draw(size, rng, values):
    return {"x": rng.standard_normal((size.m, size.n), np.float32), "factor": 3}


def outputs(size, inputs):
    """The double of each row but for its last element, which may be anything, and the sums of the rows."""
    part = np.ones((size.m, size.n), bool)
    part[:, -1] = False
    return {"y": Output("float32", (size.m, size.n), part=part), "sums": Output("float32", (size.m,))}


def run(call, stream=None, threads=0):
    call["y"][:, :-1] = call["x"][:, :-1] * call["factor"]
    call["sums"][:] = [row.sum() for row in call["x"]]


def defined(size, inputs):
    x = inputs["x"]
    return {"y": x * inputs["factor"], "sums": np.array([row.sum() for row in x], np.float32)}


TOY = Operation(
    name="toy",
    families=(),
    sizes={"host": [ToySize(5, 7), ToySize(30, 8)]},
    draw=draw,
    outputs=outputs,
    run=run,
    public=lambda call, library: run(call),
    defined=defined,
    strided=("x", "y"),
    rows=Rows(
        count=lambda size: size.m,
        chosen=lambda size, inputs, rows: (ToySize(len(rows), size.n), inputs | {"x": inputs["x"][rows]}),
        axis={"y": 0, "sums": 0},
    ),
)


@pytest.fixture
def toy(monkeypatch):
    """Puts an operation in the place of the library's; returns a function to run its self-test."""

    def tested(operation):
        monkeypatch.setattr(operations, "OPERATIONS", {"toy": operation})
        tallies, steps = Tallies(""), []
        operations.run_operations(CPU, "host", tallies, 0, steps.append)
        assert len(steps) == tallies.cases == operations.count_operations("host") == 2 * len(operation.runs)
        return tallies

    return tested


def spoiled(spoil, when=lambda call: True):
    """The small operation with spoil(call) after every run."""

    def wrong(call, stream=None, threads=0):
        run(call)
        if when(call):
            spoil(call)

    return replace(TOY, run=wrong, public=lambda call, library: wrong(call))


def test_every_kernel_that_is_none_of_a_gemm_is_run_by_an_operation():
    gemms = {spec["family"] for spec in _core.specs()}
    families = {family for one in OPERATIONS.values() for family in one.families} | WITHOUT_A_CALL
    names = [row["name"].partition("_")[2] for row in _core.cubins()]
    without = [name for name in names if not name.startswith(tuple(gemms | families))]
    assert without == [] and all(any(name.startswith(family) for name in names) for family in families)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=str)
def test_an_operation_states_all_that_is_asked_of_it(operation):
    """Its sizes at every level, and the same bits through the core and through the user's call, however rows lie."""
    assert all(operation.sizes[level] for level in LEVELS)
    for size in operation.sizes["host"]:
        inputs = operation.draw(size, np.random.default_rng(0), "finite")
        wanted = operation.defined(size, inputs)
        for one in (Run(), Run(STRIDED), Run(public=True)):
            call = lay_out(operation, size, inputs, CPU, one.memory)
            assert operations.mismatch(call, one, wanted) == ""


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=str)
def test_a_bit_of_any_output_counts(operation):
    size = operation.sizes["host"][-1]
    inputs = operation.draw(size, np.random.default_rng(0), "finite")
    for name in operation.outputs(size, inputs):
        wanted = {key: np.array(array) for key, array in operation.defined(size, inputs).items()}
        wanted[name].view(np.uint8).reshape(-1)[-1] ^= 1
        call = lay_out(operation, size, inputs, CPU)
        call.run()
        assert call.mismatch(wanted).startswith("1 of ")


def test_right_results_pass(toy):
    tallies = toy(TOY)
    assert (tallies.cases, tallies.differing, list(tallies.by_name)) == (6, 0, ["toy"])


def test_elements_beside_the_part_may_be_anything(toy):
    assert toy(spoiled(lambda call: call["y"].__setitem__((0, -1), 5))).differing == 0


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda call: call["y"].view(np.uint32).__setitem__((0, 0), 1), "bytes differ"),
        (lambda call: call["sums"].view(np.uint8).fill(POISON_BYTE), "bytes differ"),
        (lambda call: call.memory["y"].view(np.uint8).__setitem__(0, 1), "1 bytes beside y were written"),
        (lambda call: call.memory["sums"].view(np.uint8).__setitem__(-1, 1), "1 bytes beside sums were written"),
    ],
    ids=["a wrong element", "an output left unwritten", "before an output", "behind an output"],
)
def test_what_is_wrong_shows_in_every_case(spoil, words, toy):
    tallies = toy(spoiled(spoil))
    assert tallies.differing == tallies.cases and all(words in failure for failure in tallies.failures)


def test_a_write_between_the_rows_shows(toy):
    def between(call):
        if call["y"].strides[0] > call["y"].shape[1] * 4:
            np.lib.stride_tricks.as_strided(call["y"], (1, call["y"].shape[1] + 1), call["y"].strides)[0, -1] = 1

    assert toy(spoiled(between)).differing == 2


def test_another_shape_or_dtype_shows(toy):
    of_doubles = replace(TOY, public=lambda call, library: (call["y"], call["sums"].astype(np.float64)))
    assert "float64 [5] instead of float32 [5]" in toy(of_doubles).failures[0]


def determined(operation, monkeypatch):
    monkeypatch.setattr(determinism, "OPERATIONS", {"toy": operation})
    rng, tallies, steps = np.random.default_rng(0), Tallies(""), []
    variants = LaunchVariants(CPU, rng)
    checks = determinism.OperationDeterminism("host", variants, rng, tallies, steps.append)
    checks.repeat()
    checks.permute()
    assert len(steps) == tallies.cases == determinism.count_operations("host", len(variants.all)) == 2 * (8 + 4)
    return {name.split(":")[0] for name, tally in tallies.by_name.items() if tally.differing}


def test_the_same_bits_pass(monkeypatch):
    assert determined(TOY, monkeypatch) == set()


def test_bits_that_vary_are_found(monkeypatch):
    noise = np.random.default_rng(1)
    varying = spoiled(lambda call: call["sums"].__setitem__(0, noise.standard_normal()))
    assert determined(varying, monkeypatch) == {"repeated", "batch invariance"}


def test_rows_that_depend_on_their_neighbours_are_found(monkeypatch):
    neighbours = spoiled(lambda call: call["sums"].__iadd__(call["x"].sum()))
    assert determined(neighbours, monkeypatch) == {"batch invariance"}


def test_an_output_left_unwritten_is_found(monkeypatch):
    """Where every element is defined, so that runs may be filled with different bytes."""
    whole = replace(TOY, outputs=lambda size, inputs: {"sums": Output("float32", (size.m,))})
    lazy = replace(whole, run=lambda call, stream=None, threads=0: None, rows=replace(TOY.rows, axis={"sums": 0}))
    assert determined(lazy, monkeypatch) == {"repeated"}


def test_operands_may_be_replaced_by_views():
    call = lay_out(TOY, ToySize(2, 3), draw(ToySize(2, 3), np.random.default_rng(0), "finite"), CPU)
    seen = []
    mapped = call.mapped(lambda operand: seen.append(operand) or operand[...])
    mapped.run()
    assert len(seen) == 3 and mapped["factor"] == 3 and call.read()["sums"].any()
