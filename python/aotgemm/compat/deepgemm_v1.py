"""The weight gradients of DeepGEMM 1.x: always accumulated into the output."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from ..arrays.frameworks import shape_of, swap_dimensions
from ..arrays.sizes import ceil_div
from ..ops._arguments import RECIPE_1D1D, unpack
from ..ops.fp8_gemm import fp8_gemm_nt
from ..typing import ScaledTensor

BLOCK = 128


def _by_row(name: str, pair: Any) -> tuple[Any, Any]:
    """(tensor [mn, k], scales [mn, ceil(k / 128)]); 1.x takes the scales transposed as well."""
    tensor, scales = unpack(name, pair)
    mn, k = shape_of(name, tensor, (2,))
    if shape_of(f"sf{name}", scales, (2,)) == (ceil_div(k, BLOCK), mn) != (mn, ceil_div(k, BLOCK)):
        scales = swap_dimensions(f"sf{name}", scales, 2, 0, 1)
    return tensor, scales


def wgrad_gemm_fp8_fp8_fp32_nt(lhs: ScaledTensor, rhs: ScaledTensor, out: Any) -> None:
    """out += lhs @ rhs^T: aotgemm.fp8_gemm_nt with recipe (1, 1, 128) and C = D = out, FP32 [M, N].

    lhs: FP8 E4M3 [M, K] and FP32 scales [M, ceil(K / 128)] or its transpose; rhs: the same with N rows. K = 0 leaves
    out as it is. Raises what that call raises.
    """
    a, b = _by_row("a", lhs), _by_row("b", rhs)
    if a[0].shape[1]:
        fp8_gemm_nt(a, b, out, out, RECIPE_1D1D)


def k_grouped_wgrad_gemm_fp8_fp8_fp32_nt(
    lhs: ScaledTensor, rhs: ScaledTensor, out: Any, batch_sizes: Sequence[int]
) -> None:
    """out[i] += lhs_i @ rhs_i^T for each group i of batch_sizes[i] columns.

    lhs: FP8 E4M3, for each group a row-major [M, K_i], one after the other, and FP32 scales [sum(ceil(K_i / 128)), M];
    rhs: the same with N rows. out: FP32 [G, M, N].
    """
    _, m, n = shape_of("out", out, (3,))
    (a, sfa), (b, sfb) = unpack("lhs", lhs), unpack("rhs", rhs)
    a, b = a.reshape(-1), b.reshape(-1)
    columns, scales = ([0, *accumulate(sizes)] for sizes in (batch_sizes, [ceil_div(k, BLOCK) for k in batch_sizes]))
    for i, k in enumerate(batch_sizes):
        start, rows = columns[i], slice(scales[i], scales[i + 1])
        of_a, of_b = (x[start * mn : (start + k) * mn].reshape(mn, k) for x, mn in ((a, m), (b, n)))
        wgrad_gemm_fp8_fp8_fp32_nt((of_a, sfa[rows].swapaxes(0, 1)), (of_b, sfb[rows].swapaxes(0, 1)), out[i])
