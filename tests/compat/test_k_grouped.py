"""GEMMs over groups of K with DeepGEMM 2.6's parameters, and the weight gradients of 1.x."""

import aotgemm
import ml_dtypes
import numpy as np
import pytest
import torch
from aotgemm import _core
from aotgemm.problems.values import finite_fp8, finite_scales
from torch_tensors import bits, to_torch

M, N, A = 24, 40, 128
ENDS = (100, 128, 300)  # of groups that start at 0, 128 and 128: the second is empty
SPANS = [128, 0, 256]


def fp8_operand(random, rows):
    """For each group a matrix [rows, span] with zeros behind the group's end, flat, and scales [rows, K / 128]."""
    starts = [0, 128, 128]
    parts = []
    for start, end, span in zip(starts, ENDS, SPANS, strict=True):
        part = finite_fp8(random, rows, span)
        part[:, end - start :] = 0
        parts.append(part.reshape(-1))
    return np.concatenate(parts), finite_scales(random, rows, sum(SPANS) // A)


@pytest.fixture
def operands():
    random = np.random.default_rng(3)
    c = random.standard_normal((3, M, N)).astype(np.float32)
    return fp8_operand(random, M), fp8_operand(random, N), c


def as_torch(pair):
    return tuple(to_torch(array) for array in pair)


def by_spans(operands):
    """What aotgemm's own call gives."""
    a, b, c = operands
    d = np.full_like(c, -1)
    aotgemm.k_grouped_fp8_gemm_nt_contiguous(a, b, d, SPANS, np.array(SPANS, np.int32), c)
    return d.view(np.uint32)


@pytest.mark.parametrize("ks_cpu", [SPANS, None, []], ids=str)
@pytest.mark.parametrize("of", ["torch", "numpy"])
def test_ends_instead_of_sizes(deep_gemm, operands, ks_cpu, of):
    a, b, c = operands
    ends = np.array(ENDS, np.int32)
    if of == "torch":
        a, b, c, ends = as_torch(a), as_torch(b), torch.from_numpy(c), torch.from_numpy(ends)
    d = c * 0 - 1
    deep_gemm.k_grouped_fp8_gemm_nt_contiguous(a, b, d, ks_cpu, grouped_layout=ends, c=c, use_psum_layout=True)
    np.testing.assert_array_equal(np.asarray(d).view(np.uint32), by_spans(operands))


def test_sizes_under_their_names(deep_gemm, operands):
    a, b, c = operands
    d = np.full_like(c, -1)
    deep_gemm.k_grouped_fp8_gemm_nt_contiguous(
        a, b, d, ks_cpu=SPANS, grouped_layout=np.array(SPANS, np.int32), c=c, recipe=(1, 1, 128), use_psum_layout=False
    )
    np.testing.assert_array_equal(d.view(np.uint32), by_spans(operands))


def test_bf16_takes_ends_too(deep_gemm):
    random = np.random.default_rng(4)
    a, b = (random.standard_normal((384, size)).astype(ml_dtypes.bfloat16) for size in (M, N))
    a[100:128], b[100:128], a[300:], b[300:] = 0, 0, 0, 0
    d, expected = (np.full((3, M, N), -1, np.float32) for _ in range(2))
    aotgemm.k_grouped_bf16_gemm_tn_contiguous(a, b, expected, SPANS, np.array(SPANS, np.int32))
    deep_gemm.k_grouped_bf16_gemm_tn_contiguous(a, b, d, None, np.array(ENDS, np.int32), use_psum_layout=True)
    np.testing.assert_array_equal(d.view(np.uint32), expected.view(np.uint32))
    assert (expected[1] == 0).all() and (expected[0] != 0).any()


@pytest.mark.parametrize("ks_cpu", [None, []], ids=str)
def test_sizes_on_the_host_may_be_absent_only_with_ends(deep_gemm, operands, ks_cpu):
    a, b, c = operands
    with pytest.raises(aotgemm.ShapeError, match=r"^ks_cpu: is (None|\[\]), allowed is K of each group, or none with"):
        deep_gemm.k_grouped_fp8_gemm_nt_contiguous(a, b, c, ks_cpu, np.array(SPANS, np.int32), c)


@pytest.mark.parametrize("transposed", [False, True])
def test_weight_gradient_of_version_1(deep_gemm, transposed):
    random, k = np.random.default_rng(5), 304
    (a, sfa), (b, sfb) = (as_torch((finite_fp8(random, r, k), finite_scales(random, r, 3))) for r in (M, N))
    start = torch.from_numpy(random.standard_normal((M, N)).astype(np.float32))
    out, expected = start.clone(), torch.empty_like(start)
    aotgemm.fp8_gemm_nt((a, sfa), (b, sfb), expected, start, (1, 1, 128))
    given = [scales.T.contiguous() if transposed else scales for scales in (sfa, sfb)]
    deep_gemm.wgrad_gemm_fp8_fp8_fp32_nt((a, given[0]), (b, given[1]), out)
    np.testing.assert_array_equal(bits(out), bits(expected))


def test_weight_gradients_of_version_1_by_group(deep_gemm, operands):
    a, b, c = operands
    out = torch.from_numpy(c.copy())
    flat_a, flat_b = (as_torch((x, np.ascontiguousarray(sf.T))) for x, sf in (a, b))
    deep_gemm.k_grouped_wgrad_gemm_fp8_fp8_fp32_nt(flat_a, flat_b, out, SPANS)
    np.testing.assert_array_equal(bits(out), by_spans(operands))


@pytest.fixture
def blackwell():
    aotgemm.set_cpu_arch("sm_100a")
    yield
    aotgemm.set_cpu_arch("sm_90a")


def blackwell_operand(random, rows, gran_k):
    """[K, rows] with zeros behind each group's end; scales of what the groups have, and those of whole spans."""
    codes = finite_fp8(random, sum(SPANS), rows)
    codes.view(np.uint8)[ENDS[0] : 128] = codes.view(np.uint8)[ENDS[2] :] = 0
    present, whole = [], []
    for k, span in zip((100, 0, 172), SPANS, strict=True):
        scales = np.exp2(random.integers(-4, 4, (-(-k // gran_k), rows))).astype(np.float32)
        present.append(scales)
        whole += [scales, np.ones((span // gran_k - len(scales), rows), np.float32)]
    return (codes, np.concatenate(present)), (codes, np.concatenate(whole))


@pytest.mark.parametrize("gran_k", [32, 128])
@pytest.mark.parametrize("ks_cpu", [SPANS, None], ids=str)
def test_the_call_of_blackwell(deep_gemm, blackwell, ks_cpu, gran_k):
    """Groups that end inside their spans: through DeepGEMM's name and ours as by spans."""
    random = np.random.default_rng(4)
    (a, whole_a), (b, whole_b) = (blackwell_operand(random, rows, gran_k) for rows in (32, 48))
    wanted, *found = np.full((3, 3, 32, 48), -1, np.float32)
    spans, ends, recipe = np.array(SPANS, np.int32), np.array(ENDS, np.int32), (1, 1, gran_k)
    aotgemm.k_grouped_fp8_gemm_tn_contiguous(whole_a, whole_b, wanted, SPANS, spans, recipe=recipe)
    for library, d in zip((deep_gemm, aotgemm), found, strict=True):
        library.k_grouped_fp8_gemm_tn_contiguous(a, b, d, ks_cpu, ends, recipe=recipe, use_psum_layout=True)
        np.testing.assert_array_equal(d.view(np.uint32), wanted.view(np.uint32))
        assert np.any(d) and not np.any(d[1])


@pytest.fixture
def groups_start_at():
    yield aotgemm.set_mk_alignment_for_contiguous_layout
    aotgemm.set_mk_alignment_for_contiguous_layout(A)


@pytest.mark.parametrize("alignment, gran_k", [(160, 32), (160, 128), (224, 32), (224, 128), (96, 32)])
@pytest.mark.parametrize("form", ["fp32", "packed", "torch"])
@pytest.mark.parametrize("with_ks", [True, False])
def test_spans_with_more_words_than_their_groups(blackwell, groups_start_at, alignment, gran_k, form, with_ks):
    """Scales are there for what each group has, none for the rest of its span; the next group's may be NaN."""
    random, ks = np.random.default_rng([alignment, gran_k]), (100, 0, alignment, 300, 32)
    spans = [-(-k // alignment) * alignment for k in ks]
    starts = np.cumsum([0, *spans[:-1]])
    pairs, whole = [], []
    for rows in (32, 48):
        codes, present, of_spans = np.zeros((sum(spans), rows), ml_dtypes.float8_e4m3fn), [], []
        for k, span, start in zip(ks, spans, starts, strict=True):
            if k:
                codes[start : start + k] = finite_fp8(random, k, rows)
            present.append(np.exp2(random.integers(-4, 4, (-(-k // gran_k), rows))).astype(np.float32))
            of_spans += [present[-1], np.ones((-(-span // gran_k) - len(present[-1]), rows), np.float32)]
        of_spans[-2][:] = present[-1][:] = np.nan  # of the last group, and so none but its results
        pairs.append((codes, np.concatenate(present)))
        whole.append((codes, np.concatenate(of_spans)))
    ends = (starts + ks).astype(np.int32)
    wanted, found = np.full((2, len(ks), 32, 48), -1, np.float32)
    recipe = (1, 1, gran_k)
    aotgemm.k_grouped_fp8_gemm_tn_contiguous(*whole, wanted, spans, np.array(spans, np.int32), recipe=recipe)
    groups_start_at(alignment)
    if form == "packed":
        pack = aotgemm.get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor
        pairs = [(x, pack(sf, ends, None, gran_k, alignment, True)) for x, sf in pairs]
    operands = [*pairs, found]
    if form == "torch":
        operands, ends = [*map(as_torch, pairs), torch.from_numpy(found)], torch.from_numpy(ends)
    given = spans if with_ks else None
    aotgemm.k_grouped_fp8_gemm_tn_contiguous(*operands, given, ends, recipe=recipe, use_psum_layout=True)
    np.testing.assert_array_equal(found.view(np.uint32), wanted.view(np.uint32))
    assert np.isfinite(found[:4]).all() and np.isnan(found[4]).all() and np.any(found[0])


@pytest.mark.parametrize("alignment", [32, 160, 16])
def test_bf16_groups_that_end_inside_a_stage(blackwell, groups_start_at, alignment):
    random, ks = np.random.default_rng(alignment), (100, 0, alignment, 300)
    spans = [-(-k // alignment) * alignment for k in ks]
    starts = np.cumsum([0, *spans[:-1]])
    a, b = (np.zeros((sum(spans), rows), ml_dtypes.bfloat16) for rows in (M, N))
    for x in (a, b):
        for k, start in zip(ks, starts, strict=True):
            x[start : start + k] = random.standard_normal((k, x.shape[1]))
    d, wanted = np.full((2, len(ks), M, N), -1, np.float32)
    groups_start_at(alignment)
    ends = (starts + ks).astype(np.int32)
    aotgemm.k_grouped_bf16_gemm_tn_contiguous(a, b, d, None, ends, use_psum_layout=True)
    for group, (k, start) in enumerate(zip(ks, starts, strict=True)):
        aotgemm.bf16_gemm_tn(a[start : start + k], b[start : start + k], wanted[group])
    np.testing.assert_array_equal(d.view(np.uint32), wanted.view(np.uint32))
    assert np.any(d[0]) and not np.any(d[1])


@pytest.mark.parametrize("arch, k, multiple", [("sm_90a", 48, 64), ("sm_100a", 40, 16)])
def test_k_of_bf16_groups_by_architecture(blackwell, arch, k, multiple):
    aotgemm.set_cpu_arch(arch)
    a, d = np.zeros((k, 16), ml_dtypes.bfloat16), np.zeros((1, 16, 16), np.float32)
    with pytest.raises(aotgemm.ShapeError, match=f"^ks: group 0 has K = {k}, must be a multiple of {multiple} from 0"):
        aotgemm.k_grouped_bf16_gemm_tn_contiguous(a, a, d, [k], np.array([k], np.int32))


@pytest.mark.parametrize("ends", [ENDS, None], ids=["tuple", "None"])
def test_ends_that_are_no_tensor_are_refused(ends):
    a, d = np.zeros((384, 16), ml_dtypes.bfloat16), np.zeros((3, 16, 16), np.float32)
    with pytest.raises(aotgemm.DtypeError, match="^ks_tensor: is a .*, allowed is a tensor or an array"):
        aotgemm.k_grouped_bf16_gemm_tn_contiguous(a, a, d, SPANS, ends, use_psum_layout=True)


@pytest.mark.parametrize("alignment", [1, 48])
def test_an_alignment_inside_a_step_is_refused(blackwell, groups_start_at, alignment):
    pairs = [(np.zeros((96, 16), ml_dtypes.float8_e4m3fn), np.ones((1, 16), np.float32)) for _ in range(2)]
    d, ends = np.zeros((1, 16, 16), np.float32), np.array([96], np.int32)
    groups_start_at(alignment)
    with pytest.raises(
        aotgemm.ShapeError, match=f"^alignment of groups: is {alignment}, must be a multiple of 32 .* is "
    ):
        aotgemm.k_grouped_fp8_gemm_tn_contiguous(*pairs, d, None, ends, use_psum_layout=True)


@pytest.mark.parametrize(
    "ks, words, wanted",
    [
        ((129, 0), 1, "scaled_ks: is 129 for group 0, allowed is 0 to 128, its K"),
        ((-1, 0), 1, "scaled_ks: is -1 for group 0, allowed is 0 to 128"),
        ((128, 1), 1, "sfa: size 1 is 1, must be at least 2 .words of four scales of the K in scaled_ks"),
        ((128, 0), 0, "sfa: size 1 is 0, must be at least 1"),
        ((128,), 1, r"scaled_ks: shape is \[1\], size 0 must be 2"),
    ],
)
def test_scales_of_another_number_of_groups_are_refused(blackwell, ks, words, wanted):
    codes, scales = np.zeros((256, 16), ml_dtypes.float8_e4m3fn), np.zeros((words, 16), np.int32).T
    spans, scaled = np.array([128, 128], np.int32), np.array(ks, np.int32)
    call = ("fp8_fp4_gemm", "k_grouped", "tn", codes, scales, codes, scales, None, np.zeros((2, 16, 16), np.float32))
    with pytest.raises(aotgemm.ShapeError, match=wanted):
        _core.gemm(*call, spans, [128, 128], gran_k_a=32, gran_k_b=32, scaled_ks=scaled)


def test_scaled_ks_belong_to_groups_of_k_with_packed_scales():
    a, d, ks = np.zeros((64, 16), ml_dtypes.bfloat16), np.zeros((1, 16, 16), np.float32), np.array([64], np.int32)
    with pytest.raises(aotgemm.LayoutError, match="^scaled_ks: is given, allowed is none for bf16_gemm k_grouped"):
        _core.gemm("bf16_gemm", "k_grouped", "tn", a, None, a, None, None, d, ks, [64], scaled_ks=ks)
