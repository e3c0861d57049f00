"""What the CPU backend takes for granted of a single tcgen05.mma, by kind, with sums to begin from. Each rests on
measurements or publications: cpp/emulation/sm100/mma.hpp says which.
"""

from functools import partial

import numpy as np

from ..assumption import Assumption
from ..case import Case
from ..draws import ROWS, powers

FAMILY = "tcgen05_mma"
BYTES = 32  # of a row in a step, but for E2M1, which has a byte for each code
CODES = {"f8f6f4": 32, "mxf8f6f4": 32, "mxf4": 64, "mxf4nvf4": 64}  # of a row in a step
SCALES = {"mxf8f6f4": 1, "mxf4": 2, "mxf4nvf4": 4}  # of a row in a step
ONE = {"mxf8f6f4": 127, "mxf4": 127, "mxf4nvf4": 56}  # the byte of a scale of 1
FORMATS = {"bf16": np.uint16, "fp16": np.uint16, "tf32": np.uint32}


def _wide(rng: np.random.Generator, name: str, spread: int) -> np.ndarray:
    """BF16, FP16 or TF32 of exponents up to `spread` from 0, finite, 32 bytes of each row."""
    count = BYTES // np.dtype(FORMATS[name]).itemsize
    values = powers(rng, (ROWS, count), -spread, spread).astype(np.float32)
    if name == "fp16":
        return values.astype(np.float16).view(np.uint16)
    bits = values.view(np.uint32)
    return (bits >> 16).astype(np.uint16) if name == "bf16" else bits


def _codes(rng: np.random.Generator, kind: str, name: str) -> np.ndarray:
    """Finite codes of 8 or 4 bits, each as likely."""
    codes = rng.integers(0, 16 if name == "e2m1" else 256, (ROWS, CODES[kind]))
    special = {"e4m3": codes & 0x7F == 0x7F, "e5m2": codes & 0x7C == 0x7C, "e2m1": codes < 0}[name]
    return np.where(special, codes & 0x80, codes).astype(np.uint8)


def _raw(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array).view(np.int8)


def _sums(rng: np.random.Generator, least: int, most: int) -> np.ndarray:
    return powers(rng, (ROWS, ROWS), least, most).astype(np.float32)


def _case(
    kind: str,
    types: tuple[str, str],
    operands: tuple[np.ndarray, np.ndarray],
    c: np.ndarray,
    scales: tuple[np.ndarray, np.ndarray] | None = None,
) -> Case:
    sfa, sfb = map(_raw, scales) if scales is not None else (None, None)
    return Case(FAMILY, *_matrices(operands), sfa, sfb, c, instruction=(kind, *types))


def _matrices(operands: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return _raw(operands[0]), _raw(operands[1])


def _of_wide(kind: str, name: str, rng: np.random.Generator) -> list[Case]:
    """From zero, and with sums that are larger, smaller and about as large as the products."""
    pairs = [(_wide(rng, name, spread), _wide(rng, name, spread)) for spread in (2, 6, 12)]
    zeros = [_case(kind, (name, name), pair, np.zeros((ROWS, ROWS), np.float32)) for pair in pairs]
    return zeros + [_case(kind, (name, name), pairs[1], _sums(rng, *ends)) for ends in ((-4, 12), (16, 40), (-40, -16))]


def _scales(kind: str, rng: np.random.Generator, spread: int) -> np.ndarray:
    """Bytes about that of 1."""
    return (ONE[kind] + rng.integers(-spread, spread + 1, (ROWS, SCALES[kind]))).astype(np.uint8)


def _of_codes(kind: str, types: tuple[str, str], rng: np.random.Generator) -> list[Case]:
    """From zero and with sums; scales that are equal, near and far apart."""
    found = []
    for spread, ends in ((0, None), (3, (0, 16)), (24, (-8, 40)), (40, None)):
        operands = _codes(rng, kind, types[0]), _codes(rng, kind, types[1])
        c = np.zeros((ROWS, ROWS), np.float32) if ends is None else _sums(rng, *ends)
        scales = (_scales(kind, rng, spread), _scales(kind, rng, spread)) if kind in SCALES else None
        found.append(_case(kind, types, operands, c, scales))
    return found


def _groups_of_zeros(kind: str, rng: np.random.Generator) -> list[Case]:
    """A is zero. One of its scales is large, and takes bits of what was there if its group counts."""
    scales = np.full((ROWS, SCALES[kind]), ONE[kind] - 8, np.uint8)
    scales[:, -1] = ONE[kind] + 63
    ones = np.full((ROWS, SCALES[kind]), ONE[kind], np.uint8)
    zeros = np.zeros((ROWS, CODES[kind]), np.uint8)
    return [_case(kind, ("e2m1", "e2m1"), (zeros, _codes(rng, kind, "e2m1")), _sums(rng, -40, 0), (scales, ones))]


def _nan_scales(kind: str, rng: np.random.Generator) -> list[Case]:
    scales = _scales(kind, rng, 3)
    scales[::3, 0] = 0xFF if kind != "mxf4nvf4" else 0x7F
    operands = _codes(rng, kind, "e2m1"), _codes(rng, kind, "e2m1")
    return [_case(kind, ("e2m1", "e2m1"), operands, _sums(rng, 0, 8), (scales, _scales(kind, rng, 3)))]


ALIGNED = "products and what was there are cut to 25 bits below the largest exponent and summed exactly"
IN_GROUPS = "products of each 16 of K are summed exactly; the four sums are cut to 35 bits below the largest scale"
WIDE = {
    "bf16": ("f16", "bf16", f"BF16: {ALIGNED}"),
    "fp16": ("f16", "fp16", f"FP16: {ALIGNED}"),
    "tf32": ("tf32", "tf32", f"TF32: {ALIGNED}"),
}
NARROW = {
    "f8f6f4": ("f8f6f4", ("e4m3", "e4m3"), f"E4M3 without scales: {ALIGNED}"),
    "f8f6f4 mixed": ("f8f6f4", ("e5m2", "e2m1"), f"E5M2 by E2M1 without scales: {ALIGNED}"),
    "mxf8f6f4": ("mxf8f6f4", ("e4m3", "e4m3"), f"E4M3, scales of 32: {ALIGNED}, scales in the exponents"),
    "mxf8f6f4 mixed": ("mxf8f6f4", ("e4m3", "e2m1"), f"E4M3 by E2M1, scales of 32: {ALIGNED}, scales in the exponents"),
    "mxf4": ("mxf4", ("e2m1", "e2m1"), f"E2M1, UE8M0 scales of 32: {IN_GROUPS}"),
    "mxf4nvf4": ("mxf4nvf4", ("e2m1", "e2m1"), f"E2M1, UE4M3 scales of 16: {IN_GROUPS}"),
}
ZEROS = "a group of zeros has a part in the largest exponent by its scales"
NAN = "a scale that is NaN gives 0x7FFFFFFF"
DRAWS = [(name, words, partial(_of_wide, kind, of)) for name, (kind, of, words) in WIDE.items()]
DRAWS += [(name, words, partial(_of_codes, kind, types)) for name, (kind, types, words) in NARROW.items()]
DRAWS += [(f"{kind} zeros", ZEROS, partial(_groups_of_zeros, kind)) for kind in ("mxf4", "mxf4nvf4")]
DRAWS += [(f"{kind} nan scale", NAN, partial(_nan_scales, kind)) for kind in ("mxf4", "mxf4nvf4")]

ASSUMPTIONS = [Assumption(f"tcgen05 {name}", FAMILY, ("sm_100a",), words, draw) for name, words, draw in DRAWS]
