"""The suites of a GPU's self-test on the CPU backend: right results pass, and wrong ones are found, for each kind."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from aotgemm import _core
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.families.fp8_gemm_1d2d import FULL, FULL_GROUPED
from aotgemm.problems.form import FEW_SMS
from aotgemm.problems.kinds import KINDS, kernels_of
from aotgemm.selftest import cases
from aotgemm.selftest.cases import Trial, count_cases, names_of, run_suite
from aotgemm.selftest.expected import cpu_backend_product
from aotgemm.selftest.runs import gpu_shares
from aotgemm.selftest.shapes import EDGES
from aotgemm.selftest.suites import GPU_SUITES, HOST_SUITES
from aotgemm.selftest.tally import Tallies
from pins import PINS

EACH_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=str)
CPU = CpuBackend()
TRIAL = Trial(CPU, "edge", cpu_backend_product)  # what a GPU is held against
BY_SELECTION = "kernel chosen for {}"
# Cases of one kernel of each family and grouping at the levels full, quick and small.
CASES = {(family, grouping): cases for family, pin in PINS.items() for grouping, cases in pin.get("cases", {}).items()}
LEVELS = ("full", "quick", "small")
LARGE = {"full": 1, "quick": 0, "small": 0}  # cases of each grouped FP8 kernel
CONVERSIONS = 38


def suite_of(kind):
    (suite,) = (suite for suite in GPU_SUITES if kind in suite.kinds)
    return suite


def sizes_and_c(kind):
    """Every case of one kernel at the smallest level."""
    suite = suite_of(kind)
    for sizes, one in product(suite.sizes["small"], suite.runs):
        yield from ((size, one.c[place % len(one.c)]) for place, size in enumerate(sizes))


def names_for(kind):
    return {kind: {0: "a kernel", -1: BY_SELECTION.format(kind.name)}}


def run(kind):
    """The smallest sizes, by a kernel and by selection."""
    suite, names, tallies, steps = suite_of(kind), names_for(kind), Tallies("", 1), []
    run_suite(suite, "small", names, TRIAL, tallies, 0, steps.append)
    assert len(steps) == tallies.cases == count_cases(suite, "small", names) == 2 * CASES[kind.words[:2]][2]
    return tallies


@EACH_KIND
def test_right_results_pass(kind):
    tallies = run(kind)
    assert tallies.failures == [] and tallies.differing == 0
    assert set(tallies.by_name) == {"a kernel", BY_SELECTION.format(kind.name)}
    assert _core.get_num_sms() == 0


def spoiled(monkeypatch, name, spoil):
    """`spoil(problem)` after every call through `call` or `call_public`."""
    right = getattr(cases, name)

    def wrong(problem, *arguments):
        right(problem, *arguments)
        spoil(problem)

    monkeypatch.setattr(cases, name, wrong)


def flip_one_bit(problem):
    """Of the last element of D."""
    problem.guard.inside(problem.memory.view(problem.guard.element))[-1, -1] ^= 1


def write_beside(problem):
    problem.memory.view(np.uint8)[0] ^= 1


@EACH_KIND
@pytest.mark.parametrize(
    "caller, name", [("call", "a kernel"), ("call_public", BY_SELECTION)], ids=["kernel", "by selection"]
)
@pytest.mark.parametrize(
    "spoil, words",
    [(flip_one_bit, "1 of {} outputs differ, first at"), (write_beside, "1 elements around D were written")],
    ids=["a wrong bit", "a write beside D"],
)
def test_what_is_wrong_shows_in_every_case(kind, caller, name, spoil, words, monkeypatch):
    spoiled(monkeypatch, caller, spoil)
    tallies, name = run(kind), name.format(kind.name)
    assert {tally.name: tally.equal for tally in tallies.by_name.values() if tally.differing} == {name: 0}
    outputs = words.split("{}")
    assert all(all(part in failure for part in outputs) for failure in tallies.failures)


@EACH_KIND
def test_an_output_left_unwritten_shows(kind, monkeypatch):
    monkeypatch.setattr(cases, "call", lambda problem, kernel: None)
    tallies = run(kind)
    wrong = tallies.by_name["a kernel"]
    idle = 0  # no group has a row; or nothing is added to a C that lies in D
    for size, c in sizes_and_c(kind):
        idle += (not sum(size.counts) and kind.has_row_groups) or (c == "in_place" and size.k == 0)
    assert wrong.equal == idle < wrong.cases


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.takes_c], ids=str)
def test_a_kernel_that_forgets_c_is_found(kind, monkeypatch):
    right = cases.call
    monkeypatch.setattr(cases, "call", lambda problem, kernel: right(replace(problem, c=None), kernel))
    with_c = sum(c != "none" for _, c in sizes_and_c(kind))
    assert run(kind).by_name["a kernel"].differing == with_c > 0


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS.values() if kind.shares_rows or kind.grouping == "masked"], ids=str
)
def test_a_padding_row_that_is_written_shows(kind, monkeypatch):
    def write_all(problem):
        inside = problem.guard.inside(problem.memory.view(problem.guard.element))
        inside[(inside == 0xA5A5) | (inside == 0)] = 1

    spoiled(monkeypatch, "call", write_all)
    assert run(kind).by_name["a kernel"].equal == 0


@pytest.mark.parametrize("level", LEVELS)
def test_every_case_is_run(level):
    """As many as each kernel has, and of each kind once more for the choice of the library; as announced to the bar."""
    kernels = [spec for spec in _core.specs() if spec["arch"] == "sm_90a"]
    place, total = LEVELS.index(level), 0
    for kind in KINDS.values():
        if not kernels_of(kind, kernels):
            continue
        of_kind = len(kernels_of(kind, kernels)) + 1
        total += of_kind * CASES[kind.words[:2]][place]
        total += of_kind * LARGE[level] * (kind.family == "fp8_gemm_1d2d" and kind.has_row_groups)
    shares = list(gpu_shares(kernels, level, CPU))
    assert sum(share.cases for share in shares) == total
    assert {kernel for share in shares for kernel in share.kernels} == {spec["kernel"] for spec in kernels}
    if len(kernels) == 260:  # of the published figure, docs/determinism.md
        assert total + CONVERSIONS == {"full": 114_848, "quick": 10_542, "small": 8_502}[level]


def test_suites_hold_every_kind_once():
    for table in (GPU_SUITES, HOST_SUITES):
        kinds = [kind for suite in table for kind in suite.kinds]
        assert sorted(map(str, kinds)) == sorted(map(str, KINDS.values()))


def test_no_kernels_are_no_cases():
    tallies = Tallies("", 0)
    for suite in GPU_SUITES:
        names = names_of(suite.kernels([]))
        assert count_cases(suite, "small", names) == 0
        run_suite(suite, "small", names, TRIAL, tallies, 0, pytest.fail)
    assert (tallies.cases, list(gpu_shares([], "full", CPU))[0].cases) == (0, 0)


def test_a_kernel_of_another_call_is_named_with_what_it_runs():
    spec = next(spec for spec in _core.specs() if spec["family"] == "fp8_gemm_1d2d")
    dense, heads = (KINDS[name] for name in ("fp8_gemm_1d2d", "fp8_gemm_1d2d_skip_head_mid"))
    names = names_of({dense: [spec], heads: [spec], KINDS["bf16_gemm"]: []})
    assert names[dense] == {spec["kernel"]: spec["name"], -1: "kernel chosen for fp8_gemm_1d2d"}
    assert names[heads][spec["kernel"]] == f"{spec['name']}, skip_head_mid" and len(names) == 2


def test_full_shapes_reach_every_edge_of_the_tiles():
    sizes = [size for sizes in FULL for size in sizes]
    assert {1, 63, 64, 65, 127, 128, 129, 4096} <= {size.m for size in sizes}
    assert all(size.n % 8 == 0 and size.k % 16 == 0 for size in sizes)
    assert {size.n % 64 for size in sizes} > {0} and {size.k % 128 for size in sizes} > {0}


def test_full_shapes_have_empty_groups_and_reach_the_edges_of_tiles():
    counts = {count for case in FULL_GROUPED.counts for count in case}
    assert {0, 1, 63, 64, 65, 127, 128, 129} <= counts == counts | set(EDGES)
    assert any(max(case) == 0 for case in FULL_GROUPED.counts)


def test_part_of_the_sms_in_one_run_of_each_suite():
    assert all({run.num_sms for run in suite.runs} == {0, FEW_SMS} for suite in GPU_SUITES)


def test_a_result_of_another_group_is_found(monkeypatch):
    """The reference is a dense product of each group, so a call that takes the wrong B does not agree with it."""
    kind, right = KINDS["fp8_gemm_1d2d_masked"], cases.call

    def another_b(problem, kernel):
        right(replace(problem, b=np.roll(problem.b, 1, 0)), kernel)

    monkeypatch.setattr(cases, "call", another_b)
    assert run(kind).by_name["a kernel"].differing > 0
