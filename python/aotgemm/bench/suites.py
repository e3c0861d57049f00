"""What each suite measures."""

from .shapes import M_GRID

DECODE_MOST = 128  # tokens in a decoding batch
GEMM_SUITES = {
    "dense": M_GRID,
    "decode": tuple(m for m in M_GRID if m <= DECODE_MOST),
    "prefill": tuple(m for m in M_GRID if m > DECODE_MOST),
}
OTHER_SUITES = ("first_call", "host")
