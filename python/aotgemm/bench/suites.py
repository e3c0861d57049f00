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


# By suite: that of the kinds which it measures, as their families name it, and the tokens.
GEMM_SUITES = {
    "dense": ("dense", Range()),
    "decode": ("dense", Range(last=DECODE_MOST)),
    "prefill": ("dense", Range(first=DECODE_MOST + 1)),
    "grouped": ("grouped", Range()),
    "batched": ("batched", Range()),
    "bf16": ("bf16", Range()),
    "bf16_grouped": ("bf16_grouped", Range()),
    "gradients": ("gradients", Range()),
}
OTHER_SUITES = ("first_call", "host")
DEFAULT_SUITES = ["decode", "prefill"]


def measured_kinds(suites: list[str], kinds: list[str]) -> dict[Kind, list[Range]]:
    """The kinds of these suites and those named themselves, with the ranges of tokens that are asked of each."""
    wanted: dict[Kind, list[Range]] = {}
    for measures, tokens in (GEMM_SUITES[name] for name in suites if name in GEMM_SUITES):
        for kind in KINDS.values():
            if kind.suite == measures:
                wanted.setdefault(kind, []).append(tokens)
    for name in kinds:
        if name not in KINDS:
            raise RequestError(f"--kind: is {name}, allowed are {', '.join(KINDS)}")
        wanted.setdefault(KINDS[name], []).append(Range())
    return {kind: list(dict.fromkeys(ranges)) for kind, ranges in wanted.items()}
