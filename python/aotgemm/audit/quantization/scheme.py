"""Schemes of quantisation, and which layer has which."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Matcher = Callable[[str], bool]  # of a module's full name

MOST_SHOWN = 60  # characters of a wrong value
SERVED = "plans know BF16, FP8 with a scale for each 128 x 128 weights, and experts in FP4 by expert_dtype"


@dataclass(frozen=True)
class Scheme:
    """family: of the kernels that serve the layer, or a name of the scheme where `missing` says why none does."""

    family: str
    missing: str = ""


UNQUANTISED = Scheme("bf16_gemm")
FP8_BLOCK = Scheme("fp8_gemm_1d2d")


def shown(value: object) -> str:
    """A wrong value for a message, cut where it is long."""
    text = ascii(value)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 3] + "..."


def unserved(name: str, stated: str) -> Scheme:
    """A scheme without a kernel. stated: what the configuration says of it."""
    return Scheme(re.sub(r"[^A-Za-z0-9_.+-]", "_", name)[:MOST_SHOWN], f"quantization_config: {stated}; {SERVED}")


@dataclass(frozen=True)
class Quantization:
    """The first rule that matches a module gives its scheme. head: that of the lm_head."""

    rules: tuple[tuple[Matcher, Scheme], ...] = ()
    otherwise: Scheme = UNQUANTISED
    head: Scheme = UNQUANTISED

    def scheme_of(self, names: Sequence[str]) -> Scheme:
        """names: the module's name under each root that engines and files give it."""
        for matches, scheme in self.rules:
            if any(matches(name) for name in names):
                return scheme
        return self.otherwise
