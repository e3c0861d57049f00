"""FP4 weights for Hopper's kernels: words of eight codes, and one word of scales for a row and 128 columns.

cpp/kernels/common/fp4_words.hpp says where each bit lies and why.
"""

import sys
from typing import Any, NamedTuple

from .. import _core
from ..arrays.frameworks import dtype_name_of, framework_of, shape_of
from ..errors import DtypeError, KernelMissingError, ShapeError
from ..scalars import flag
from ..typing import Tensor
from . import fp8_fp4_gemm
from ._arguments import RECIPE_A, check_recipe, unpack
from .fp4 import BLOCK, MANTISSA_BITS, check_exact, powers, requantize_fp4_to_fp8
from .layout import get_mn_major_tma_aligned_tensor

FAMILY = "fp8_fp4_gemm_1d1d"
RECIPE_FP4 = (1, 32)  # of the weights before they became words
STEP, STEPS, THREADS = 32, 4, 4  # columns of an instruction, instructions of a block, threads that have a row's columns
LEAST_SHIFT, MOST_SHIFT, NAN_SHIFT = -13, 9, 31  # as in fp4_words.hpp; 31 stands for NaN
NAN_EXPONENT = 255


class Fp4Weights(NamedTuple):
    """FP4 weights that prepack_fp4_weights made, in the place of (B, SFB) of an FP8 call on Hopper or on the CPU.

    words: int32 [N, K / 8], or [groups, N, K / 8]. scales: int32 [N, K / 128], MN-major, with groups likewise.
    """

    words: Any
    scales: Any


class PrepackedFp4(NamedTuple):
    """What prepack_fp4_weights returns. inexact: int32 [ceil(N / rows_per_scale), K / 128], or with groups in front."""

    weights: Fp4Weights
    inexact: Any


def _int32(array: Any) -> Any:
    return array.astype("int32") if framework_of(array) == "numpy" else array.to(sys.modules["torch"].int32)


def _view(array: Any, dtype: str) -> Any:
    """The same bits, of elements as wide or narrower."""
    return array.view(dtype if framework_of(array) == "numpy" else getattr(sys.modules["torch"], dtype))


def _repeated_rows(array: Any, times: int) -> Any:
    repeat = array.repeat if framework_of(array) == "numpy" else array.repeat_interleave
    return repeat(times, -2)


def _signs(fours: Any, lowest: int) -> Any:
    """The sign of code n of four, from bit 4n + 3 to bit 8n + lowest."""
    return sum((fours & 8 << 4 * n) << 4 * n + lowest - 3 for n in range(4))


def _words(packed: Any) -> Any:
    """int32 [.., N, K / 8] of packed FP4 int8 [.., N, K / 2]."""
    *outer, half = packed.shape
    split = (
        half // (BLOCK // 2),
        STEPS,
        2,
        THREADS,
        2,
    )  # blocks, steps, halves of a step, threads, bytes of four codes
    codes = _int32(_view(packed, "uint8")).reshape((*outer, *split))
    fours = codes[..., 0] | codes[..., 1] << 8
    low, high = fours[..., 0, :], fours[..., 1, :]
    words = (low & 0x7777) | (high & 0x7777) << 16 | _signs(low, 7) | _signs(high, 3)
    return _int32(words).swapaxes(-1, -2).reshape((*outer, half // 4))


def _exponents(scales: Any) -> Any:
    """UE8M0 of each row and 32 columns in int32, 255 for what is no power of two."""
    if dtype_name_of(scales) == "int32":
        *outer, words = scales.shape
        contiguous = scales.copy() if framework_of(scales) == "numpy" else scales.contiguous()
        return _int32(_view(contiguous, "uint8").reshape((*outer, words * 4)))
    bits = _view(scales, "int32")
    exponents, mantissa = bits >> MANTISSA_BITS & NAN_EXPONENT, bits & (1 << MANTISSA_BITS) - 1
    is_power = (mantissa == 0) & (bits >= 0)
    return exponents * is_power + NAN_EXPONENT * ~is_power


def _split_scales(exponents: Any, blocks: Any) -> Any:
    """int32 [.., N, K / 128]: exponents of 128 columns each, and how the 32 columns of a step differ from them."""
    *outer, steps = exponents.shape
    by_block = exponents.reshape((*outer, steps // STEPS, STEPS))
    shifts = (by_block - blocks[..., None]).clip(LEAST_SHIFT, MOST_SHIFT) - LEAST_SHIFT
    fields = shifts + (NAN_SHIFT - shifts) * (by_block == NAN_EXPONENT)
    return _int32(sum(fields[..., step] << 3 + 5 * step for step in range(STEPS)) | blocks << 24)


def _mn_major(words: Any) -> Any:
    return _view(get_mn_major_tma_aligned_tensor(_view(words, "float32")), "int32")


def _plain(array: Any) -> Any:
    """NumPy's own array: a matrix multiplies where an array goes element by element."""
    return sys.modules["numpy"].asarray(array) if framework_of(array) == "numpy" else array


def _check(weights: Any) -> None:
    *_, half = shape_of("weights", weights, (2, 3))
    if framework_of(weights) not in ("numpy", "torch"):
        raise DtypeError(f"weights: is a {type(weights).__name__}, allowed are NumPy arrays and PyTorch tensors")
    if half * 2 % BLOCK:
        raise ShapeError(f"weights: K is {half * 2}, must be a multiple of {BLOCK}")


def prepack_fp4_weights(
    weights: Tensor, scales: Tensor, rows_per_scale: int = 1, *, allow_inexact: bool = False
) -> PrepackedFp4:
    """FP4 weights for fp8_fp4_gemm_nt and the grouped calls on Hopper: (Fp4Weights, inexact).

    weights: packed FP4 int8 [n, k / 2], or [groups, n, k / 2], contiguous; k is a multiple of 128.
    scales: a power of two for each row and 32 columns, in any form that requantize_fp4_to_fp8 takes.
    rows_per_scale: 1, or 128 for the bits of fp8_gemm_nt with a scale for 128 x 128.

    The call multiplies what requantize_fp4_to_fp8 makes of the same arguments, bit for bit, and reads 17/32 of a byte a
    weight: the codes in another order and, for each row and 128 columns, a word with the exponent of the FP8 scale and
    how those of the four FP4 scales differ. Values that E4M3 does not hold are counted and refused as there.
    Made once, when weights are loaded; in PyTorch on the device that they lie on.
    Raises InexactError, ShapeError, DtypeError, LayoutError.
    """
    _check(weights)
    allowed = flag("allow_inexact", allow_inexact)
    _, sf, inexact = requantize_fp4_to_fp8(weights, scales, rows_per_scale, allow_inexact=True)
    if not allowed:
        check_exact(inexact)
    *_, rows, _ = weights.shape
    blocks = _repeated_rows(_view(sf, "int32") >> MANTISSA_BITS, rows_per_scale)[..., :rows, :]
    split = _split_scales(_exponents(_plain(powers(scales))), blocks)
    return PrepackedFp4(Fp4Weights(_words(_plain(weights)), _mn_major(split)), inexact)


def gemm(
    grouping: str,
    a: Any,
    b: Fp4Weights,
    d: Any,
    recipes: tuple[Any, Any, Any],
    *,
    c: Any = None,
    index: Any = None,
    expected_m: int = 0,
) -> None:
    """One call of the family. recipes: recipe, recipe_a and recipe_b of the call."""
    if fp8_fp4_gemm.is_for(d):
        raise KernelMissingError("b: is Fp4Weights, which Hopper's kernels read, allowed on sm_100a is FP4 as it is")
    recipe, recipe_a, recipe_b = recipes
    check_recipe("recipe", recipe, (1, *RECIPE_A))
    check_recipe("recipe_a", recipe_a, RECIPE_A)
    check_recipe("recipe_b", recipe_b, RECIPE_FP4, RECIPE_A)
    a, sfa = unpack("a", a)
    _core.gemm(FAMILY, grouping, "nt", a, sfa, b.words, b.scales, c, d, index, None, expected_m)
