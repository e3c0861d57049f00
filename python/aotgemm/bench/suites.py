"""The suites: which kinds of call each measures, and over which range of tokens."""

from dataclasses import dataclass

from ..errors import RequestError
from ..problems.kinds import KINDS, Kind

DECODE_MOST = 128  # tokens in a decoding batch


@dataclass(frozen=True)
class Range:
    """Tokens from `first` to `last`; None is as far as calls of a kind go."""

    first: int = 1
    last: int | None = None

    def __contains__(self, tokens: int) -> bool:
        return self.first <= tokens and (self.last is None or tokens <= self.last)


@dataclass(frozen=True)
class Suite:
    """Names of kinds, and their tokens."""

    kinds: tuple[str, ...]
    tokens: Range = Range()


_DENSE = ("fp8_gemm_1d2d",)
GEMM_SUITES = {
    "dense": Suite(_DENSE),
    "decode": Suite(_DENSE, Range(last=DECODE_MOST)),
    "prefill": Suite(_DENSE, Range(first=DECODE_MOST + 1)),
    "grouped": Suite(("fp8_gemm_1d2d_contiguous", "fp8_gemm_1d2d_psum", "fp8_gemm_1d2d_masked")),
    "batched": Suite(("fp8_gemm_1d2d_batched", "bf16_gemm_batched", "bf16_gemm_batched_nn")),
    "bf16": Suite(("bf16_gemm", "bf16_gemm_nn", "bf16_gemm_tn", "bf16_gemm_tt", "bf16_gemm_fp32")),
    "bf16_grouped": Suite(
        ("bf16_gemm_contiguous", "bf16_gemm_contiguous_nn", "bf16_gemm_psum", "bf16_gemm_psum_nn", "bf16_gemm_masked")
    ),
    "gradients": Suite(
        (
            *("fp8_gemm_1d1d", "fp8_gemm_1d1d_fp32", "fp8_gemm_1d1d_k_grouped_fp32"),
            "bf16_gemm_k_grouped_tn_fp32",
        )
    ),
}
OTHER_SUITES = ("first_call", "host")
DEFAULT_SUITES = ["decode", "prefill"]


def measured_kinds(suites: list[str], kinds: list[str]) -> dict[Kind, list[Range]]:
    """The kinds of these suites and those named themselves, with the ranges of tokens that are asked of each."""
    wanted: dict[Kind, list[Range]] = {}
    for suite in (GEMM_SUITES[name] for name in suites if name in GEMM_SUITES):
        for name in suite.kinds:
            wanted.setdefault(KINDS[name], []).append(suite.tokens)
    for name in kinds:
        if name not in KINDS:
            raise RequestError(f"--kind: is {name}, allowed are {', '.join(KINDS)}")
        wanted.setdefault(KINDS[name], []).append(Range())
    return {kind: list(dict.fromkeys(ranges)) for kind, ranges in wanted.items()}
