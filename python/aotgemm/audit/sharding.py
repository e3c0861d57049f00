"""A model's configuration, cut for one rank of tensor and expert parallelism."""

from typing import Any

from ..errors import PlanError
from .calls import Call

FP8_BLOCK = [128, 128]


class Shard:
    """The configuration of a Hugging Face model and the share of one of tp ranks, or of ep ranks for experts."""

    def __init__(self, config: dict[str, Any], tp: int, ep: int) -> None:
        self.config, self.tp, self.ep = config, tp, ep
        quantization = config.get("quantization_config") or {}
        is_fp8 = isinstance(quantization, dict) and quantization.get("weight_block_size") == FP8_BLOCK
        self.family = "fp8_gemm_1d2d" if is_fp8 else "bf16_gemm"

    def has(self, name: str) -> bool:
        return bool(self.config.get(name))

    def size(self, name: str) -> int:
        """A positive number of the configuration. Raises PlanError if it has none of that name."""
        value = self.config.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise PlanError(f"config: {name} is {value!r}, allowed is a positive number")
        return value

    def split(self, value: int, ranks: int, what: str) -> int:
        """One rank's share. Raises PlanError if it is not whole."""
        if value % ranks:
            raise PlanError(f"tp, ep: {what} is {value}, which {ranks} ranks cannot share equally")
        return value // ranks

    def over_tp(self, value: int, what: str) -> int:
        return self.split(value, self.tp, what)

    def linear(self, layer: str, n: int, k: int) -> Call:
        """A linear layer in the model's weight format."""
        return Call((layer,), self.family, n, k)

    def bf16(self, layer: str, n: int, k: int, out_dtype: str = "bf16") -> Call:
        """A linear layer that is never quantised."""
        return Call((layer,), "bf16_gemm", n, k, out_dtype=out_dtype)

    def experts(self, layer: str, n: int, k: int, experts: int, topk: int, family: str | None = None) -> list[Call]:
        """A layer of routed experts in the ways in which serving engines call it: prefill by per-row index or by end
        offsets, decode by masks."""
        groups = self.split(experts, self.ep, "the number of experts")
        family = family or self.family
        grouped = [
            Call((layer,), family, n, k, grouping=grouping, groups=groups, tokens_factor=topk)
            for grouping in ("contiguous", "psum")
        ]
        return [*grouped, Call((layer,), family, n, k, grouping="masked", groups=groups)]
