"""What comes before the norm of a hyper-connection: a narrow product and the sums of squares, from one reading of A."""

from typing import Any

from .. import _core
from ..scalars import count
from ..typing import Tensor


def _split_count(num_splits: Any) -> int:
    """0 for None."""
    if num_splits is None:
        return 0
    return count("num_splits", num_splits)


def tf32_hc_prenorm_gemm(a: Tensor, b: Tensor, d: Tensor, sqr_sum: Tensor, num_splits: int | None = None) -> None:
    """d = a @ b.T and sqr_sum = (a * a).sum(-1), each over the part of K of every split; the caller adds the splits.

    a: BF16 [M, K]; b: FP32 [N, K], rounded to TF32 (to nearest even). Rows lie at any multiple of 16 bytes. N is 8, 16,
    24 or 32, K a multiple of 64; both and M are free at run time, as is num_splits.
    d: FP32 [M, N], or [num_splits, M, N] if num_splits is given; sqr_sum: FP32 [M], or [num_splits, M], contiguous.
    Splits are runs of blocks of 64 of K, the first ones longer by a block where they are not equal; a split without a
    block gives zeros. The order of both sums is fixed (`aotgemm.h`), so that a row has the same bits in every batch, on
    every number of SMs and on the CPU.
    Raises DtypeError, ShapeError, LayoutError, DeviceError.
    """
    _core.tf32_hc_prenorm_gemm(a, b, d, sqr_sum, _split_count(num_splits))
