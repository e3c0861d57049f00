"""FP4 and scales of 32 of K in the self-test, on the CPU backend: right results pass, and wrong ones are found."""

import itertools

import aotgemm
import ml_dtypes
import numpy as np
import pytest
from aotgemm import _core
from aotgemm.problems.backends import CpuBackend
from aotgemm.problems.formats import FORMATS, IN_OTHER_LAYOUTS, readers
from aotgemm.problems.kinds import KINDS
from aotgemm.reference import fp8_fp4 as definition
from aotgemm.selftest import formats
from aotgemm.selftest.evidence.digests import SUBJECTS, wanted
from aotgemm.selftest.runs import gpu_shares
from aotgemm.selftest.tally import Tallies

CPU, BF16 = CpuBackend(), ml_dtypes.bfloat16
WRONG = 3  # the number of the case that is spoiled
DENSE, MASKED = KINDS["fp8_fp4_gemm"], KINDS["fp8_fp4_gemm_masked"]


def run(kind):
    tallies, names, steps = Tallies("", 1), {kind: {-1: "a kernel"}}, []
    formats.run_formats(names, CPU, tallies, 0, steps.append)
    assert len(steps) == tallies.cases == formats.count_formats(names) == len(FORMATS) * len(formats.sizes_of(kind))
    return tallies


@pytest.mark.parametrize("kind", [DENSE, MASKED], ids=str)
def test_right_results_pass_and_one_wrong_bit_shows(kind, monkeypatch):
    assert run(kind).failures == []
    right, calls = formats.call, itertools.count()

    def wrong(problem, *kernel):
        right(problem, *kernel)
        if kernel and next(calls) == WRONG:  # the others are those of the CPU backend
            problem.guard.inside(problem.memory.view(problem.guard.element))[-1, -1] ^= 1

    monkeypatch.setattr(formats, "call", wrong)
    (failure,) = run(kind).failures
    assert "1 of " in failure and str(FORMATS[WRONG // len(formats.sizes_of(kind))]) in failure


@pytest.mark.parametrize("one", FORMATS, ids=str)
def test_the_cpu_backend_gives_what_the_definition_says(one):
    _, problem, bits = next(formats.cases_of(DENSE, one, CPU, np.random.default_rng(1)))
    assert (problem.a.dtype, problem.b.dtype) == tuple("int8" if x.is_fp4 else "float8_e4m3fn" for x in (one.a, one.b))
    d = definition.fp8_fp4_gemm_nt(problem.a, problem.sfa, problem.b, problem.sfb, *one.grans)
    assert np.array_equal(problem.guard.inside(bits), d.astype(BF16).view(np.uint16))


def test_every_kernel_of_a_kind_that_takes_formats_is_run():
    specs = [spec for spec in _core.specs() if spec["arch"] == "sm_100a"]
    names = formats.names_of(specs)
    assert {kind.grouping for kind in names} == {"dense", "batched", "contiguous", "psum", "masked"}
    kernels = {kernel for of_kind in names.values() for kernel in of_kind}
    assert kernels == {s["kernel"] for s in specs if s["family"] == DENSE.family and s["grouping"] != "k_grouped"}
    assert formats.count_formats(names) in [share.cases for share in gpu_shares(specs, "small", CPU)]


@pytest.mark.parametrize("layout", ["nn", "tn", "tt"])
@pytest.mark.parametrize("one", IN_OTHER_LAYOUTS, ids=str)
def test_fp4_lies_along_the_adjacent_dimension(layout, one):
    kind = KINDS[f"fp8_fp4_gemm_{layout}"]
    _, problem, bits = next(formats.cases_of(kind, one, CPU, np.random.default_rng(1)))
    a, b = (
        aotgemm.transpose_packed_fp4(codes) if is_fp4 and is_transposed else codes.T if is_transposed else codes
        for codes, is_fp4, is_transposed in zip(
            (problem.a, problem.b), (one.a.is_fp4, one.b.is_fp4), (layout[0] == "t", layout[1] == "n"), strict=True
        )
    )
    d = definition.fp8_fp4_gemm_nt(a, problem.sfa, b, problem.sfb, *one.grans)
    assert np.array_equal(problem.guard.inside(bits), d.astype(BF16).view(np.uint16))


def test_kernels_that_load_parts_of_boxes_are_left_out():
    kind, specs = KINDS["fp8_fp4_gemm_tn"], [spec for spec in _core.specs() if spec["arch"] == "sm_100a"]
    kernels = formats.names_of(specs)[kind]
    fp4_b, fp4_a = IN_OTHER_LAYOUTS
    for of, left_out in ((fp4_a, "swap_"), (fp4_b, "_c2x1")):
        names = {name for name in kernels.values() if left_out not in name}
        assert set(readers(kind, of, kernels).values()) == names != set(kernels.values())
    assert SUBJECTS[f"{kind.name} {fp4_b}"].kernels(specs) != SUBJECTS[f"{kind.name} {fp4_a}"].kernels(specs)


def test_digests_are_of_each_format():
    found = {wanted(SUBJECTS[name], 1) for name in (DENSE.name, *(f"{DENSE.name} {one}" for one in FORMATS))}
    assert len(found) == 1 + len(FORMATS)
