"""Grouped BF16 GEMMs with DeepGEMM's signatures: one B, or one range of K, for each group."""

from collections.abc import Sequence
from typing import Any

from .. import _core
from ..typing import Tensor
from ._arguments import check_expected_m, contiguous_form
from ._k_groups import spans_of


def _contiguous(
    layout: str, a: Any, b: Any, d: Any, grouped_layout: Any, use_psum_layout: bool, expected_m: int | None
) -> None:
    grouping, rows = contiguous_form(use_psum_layout, expected_m)
    _core.gemm("bf16_gemm", grouping, layout, a, None, b, None, None, d, grouped_layout, None, rows)


def m_grouped_bf16_gemm_nt_contiguous(
    a: Tensor,
    b: Tensor,
    d: Tensor,
    grouped_layout: Tensor,
    compiled_dims: str = "nk",
    use_psum_layout: bool = False,
    ensure_zero_padding: bool = True,
    expected_m_for_psum_layout: int | None = None,
) -> None:
    """D[i] = A[i] @ B[g]^T for each row i, g being its group: the rows of all groups in one matrix.

    a: BF16 [M, K]; b: BF16 [G, N, K]; d: BF16 [M, N], written in place; FP32 accumulation.
    grouped_layout, use_psum_layout, ensure_zero_padding, expected_m_for_psum_layout: as in
    m_grouped_fp8_gemm_nt_contiguous: the group of each row, or where each group ends, and zeros for padding.

    A and D have stride 1 along their last dimension, B along either of its last two; other strides and addresses are
    multiples of 16 bytes, N is a multiple of 8. All operands are on one device: a Hopper GPU (runs on the current
    stream, can be captured in a CUDA graph, the index stays there) or the CPU, with the same bits from both.
    compiled_dims: accepted, without effect: sizes are run-time values of every kernel.
    Raises ShapeError (on the CPU also for an index out of range), DtypeError, LayoutError, DeviceError,
    KernelMissingError or CudaError.
    """
    _contiguous("nt", a, b, d, grouped_layout, use_psum_layout, expected_m_for_psum_layout)


def m_grouped_bf16_gemm_nn_contiguous(
    a: Tensor,
    b: Tensor,
    d: Tensor,
    grouped_layout: Tensor,
    compiled_dims: str = "nk",
    use_psum_layout: bool = False,
    ensure_zero_padding: bool = True,
) -> None:
    """D[i] = A[i] @ B[g]: as m_grouped_bf16_gemm_nt_contiguous with b BF16 [G, K, N]."""
    _contiguous("nn", a, b, d, grouped_layout, use_psum_layout, None)


def m_grouped_bf16_gemm_nt_masked(
    a: Tensor,
    b: Tensor,
    d: Tensor,
    masked_m: Tensor,
    expected_m: int,
    compiled_dims: str = "nk",
    ensure_zero_padding: bool = True,
) -> None:
    """D[g, :masked_m[g]] = A[g, :masked_m[g]] @ B[g]^T for each group g.

    a: BF16 [G, M, K]; b: BF16 [G, N, K]; d: BF16 [G, M, N]; its rows from masked_m[g] on are not written.
    masked_m: int32 [G], contiguous, from 0 to M each. It stays on the device: a captured call reads its new values.
    expected_m: rows to expect in a group, from 1 on: a hint for the choice of the kernel, on which no result depends.
    ensure_zero_padding: accepted, without effect: there is no padding between the rows of one matrix.
    B has stride 1 along its last dimension; the rest is as in m_grouped_bf16_gemm_nt_contiguous.
    """
    expected_m = check_expected_m("expected_m", expected_m)
    _core.gemm("bf16_gemm", "masked", "nt", a, None, b, None, None, d, masked_m, None, expected_m)


def k_grouped_bf16_gemm_tn_contiguous(
    a: Tensor,
    b: Tensor,
    d: Tensor,
    ks: Sequence[int] | None,
    ks_tensor: Tensor,
    c: Tensor | None = None,
    compiled_dims: str = "mn",
    use_psum_layout: bool = False,
) -> None:
    """D[g] = A_g^T @ B_g, or C[g] + that, for each group g, which has ks[g] rows of A and of B: a gradient of weights.

    a: BF16 [K, M]; b: BF16 [K, N], both row-major with the rows of group 0 first, then those of group 1, and so on.
    d: FP32 [G, M, N], written in place; c: None, or FP32 [G, M, N], added with one FP32 addition after the sum over K.
    It may be d itself.
    ks: K of each group on the host, multiples of 64, on sm_100a of 16, that add up to K; 0 gives zeros, or C + 0.
    ks_tensor: the same numbers, int32 [G], contiguous, on the device of the operands: what a GPU reads.
    use_psum_layout: ks_tensor holds where each group's K ends; a group starts where the one before ends, rounded up to
        get_mk_alignment_for_contiguous_layout(), and A and B hold zeros between. ks: what each group takes up to the
        next one's start; without it the ends are read from the device, which waits for it.
    The rest is as in m_grouped_bf16_gemm_nt_contiguous.
    """
    spans = spans_of("ks", ks, ks_tensor, use_psum_layout)
    _core.gemm("bf16_gemm", "k_grouped", "tn", a, None, b, None, c, d, spans.ks_tensor, spans.ks)
