"""Groups that start at multiples of any number of rows: psum calls on NumPy arrays, and what is refused."""

import aotgemm
import numpy as np
import pytest
from aotgemm.problems.memory import POISON, in_tma_rows
from aotgemm.problems.rows import place_rows
from bf16_groups import COUNTS, K, N, draw, expected_rows
from bf16_problems import BF16
from grouped_problems import make_grouped

ALIGNMENTS = pytest.mark.parametrize("alignment", [1, 5, 48, 64, 127, 128, 160, 224, 256])


@pytest.fixture(autouse=True)
def default_afterwards():
    yield
    aotgemm.set_mk_alignment_for_contiguous_layout(128)


@ALIGNMENTS
@pytest.mark.parametrize("counts", [(5,), (0, 3, 0), (1, 127, 130, 0, 64), (128, 48, 5, 1)], ids=str)
def test_groups_start_at_multiples_of_it(counts, alignment):
    aotgemm.set_mk_alignment_for_contiguous_layout(alignment)
    assert aotgemm.get_mk_alignment_for_contiguous_layout() == alignment
    problem = make_grouped(counts, 72, 144, alignment=alignment)
    assert len(problem.a) == sum(-(-count // alignment) * alignment for count in counts)
    np.testing.assert_array_equal(problem.run(use_psum_layout=True), problem.expected())


@ALIGNMENTS
@pytest.mark.parametrize("layout", ["nt", "nn"])
def test_bf16_groups_too(layout, alignment):
    aotgemm.set_mk_alignment_for_contiguous_layout(alignment)
    placement = place_rows("psum", COUNTS)
    a, b = draw(1, placement.rows, K), draw(2, len(COUNTS), N, K)
    d = np.full((placement.rows, N), POISON, np.uint16).view(BF16)
    call = getattr(aotgemm, f"m_grouped_bf16_gemm_{layout}_contiguous")
    given = np.ascontiguousarray(b.swapaxes(1, 2)) if layout == "nn" else b
    call(in_tma_rows(a.view(BF16)), in_tma_rows(given.view(BF16)), d, placement.index, use_psum_layout=True)
    np.testing.assert_array_equal(d.view(np.uint16), expected_rows(placement, a, b))


def test_a_row_has_the_bits_that_it_has_among_padded_groups():
    counts = (37, 0, 130, 64)
    padded = make_grouped(counts, 72, 272)
    rows = np.flatnonzero(padded.index >= 0)
    aotgemm.set_mk_alignment_for_contiguous_layout(1)
    d = np.full((len(rows), 72), POISON, np.uint16).view(BF16)
    operands = (padded.a[rows], padded.sfa[rows]), (padded.b, padded.sfb), d
    aotgemm.m_grouped_fp8_gemm_nt_contiguous(*operands, np.cumsum(counts, dtype=np.int32), use_psum_layout=True)
    np.testing.assert_array_equal(d.view(np.uint16), padded.expected()[rows])


def test_rows_beyond_the_last_group_are_left_alone():
    aotgemm.set_mk_alignment_for_contiguous_layout(16)
    problem = make_grouped((3, 20), 24, 48, alignment=16)
    a, sfa = (np.concatenate([x, x]) for x in (problem.a, problem.sfa))
    d = np.full((96, 24), POISON, np.uint16).view(BF16)
    aotgemm.m_grouped_fp8_gemm_nt_contiguous((a, sfa), (problem.b, problem.sfb), d, problem.ends, use_psum_layout=True)
    np.testing.assert_array_equal(d[:48].view(np.uint16), problem.expected())
    assert (d[48:].view(np.uint16) == POISON).all()


def test_a_group_that_ends_before_its_start_is_refused():
    aotgemm.set_mk_alignment_for_contiguous_layout(16)
    problem = make_grouped((3, 20), 24, 48, alignment=16)
    d = problem.empty_output()
    with pytest.raises(aotgemm.ShapeError, match="group 1 ends at row 15, allowed is 16 .* aligned to 16.* to 48"):
        aotgemm.m_grouped_fp8_gemm_nt_contiguous(
            (problem.a, problem.sfa), (problem.b, problem.sfb), d, np.array([3, 15], np.int32), use_psum_layout=True
        )
    assert (d.view(np.uint16) == POISON).all()


def test_an_index_by_row_is_refused():
    aotgemm.set_mk_alignment_for_contiguous_layout(64)
    problem = make_grouped((3, 20), 24, 48)
    with pytest.raises(aotgemm.ShapeError, match="^grouped_layout: groups start at multiples of 64 .* is 128"):
        problem.run()


def test_selection_counts_the_rows_of_the_same_groups_padded():
    """A plan knows groups that start at multiples of 128 alone; others count as the padded ones would on average."""
    rows = {}
    for alignment in (128, 64, 1, 224):
        aotgemm.set_mk_alignment_for_contiguous_layout(alignment)
        problem = make_grouped((128, 256), 24, 48, alignment=alignment)
        with aotgemm.record():
            problem.run(use_psum_layout=True)
            rows[alignment] = [call["m"] for call in aotgemm.recorded_calls()]
    assert rows == {128: [384], 64: [384 + 64], 1: [384 + 127], 224: [3 * 224 - 96]}


def test_fewer_rows_than_padding_would_take():
    """A ends with the last row of the only group that has any; selection counts one row at least."""
    aotgemm.set_mk_alignment_for_contiguous_layout(224)
    problem = make_grouped((5,), 24, 48, alignment=224)
    b, sfb = (np.concatenate([x, x, x]) for x in (problem.b, problem.sfb))
    d = np.full((5, 24), POISON, np.uint16).view(BF16)
    ends = np.array([5, 224, 224], np.int32)
    with aotgemm.record():
        aotgemm.m_grouped_fp8_gemm_nt_contiguous(
            (in_tma_rows(problem.a[:5]), problem.sfa[:5]), (b, sfb), d, ends, use_psum_layout=True
        )
        assert [call["m"] for call in aotgemm.recorded_calls()] == [1]
    np.testing.assert_array_equal(d.view(np.uint16), problem.expected()[:5])
