"""Feed-forward layers: dense, routed to experts, and which layer has which."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...errors import PlanError
from ..calls import Call
from ..quantization import Scheme
from ..sharding import Shard

GATE_UP_DOWN = ("gate_proj", "up_proj", "down_proj")
W1_W3_W2 = ("w1", "w3", "w2")


def mlp(
    shard: Shard,
    module: str,
    intermediate: int,
    layers: Iterable[int],
    names: Sequence[str] = GATE_UP_DOWN,
    label: str | None = None,
) -> Iterator[Call]:
    """names: of gate, up and down in the module. label: what the plan calls the layer, if not so."""
    layers, label = list(layers), label or module
    gate, up, down = (f"{module}.{name}" for name in names)
    hidden = shard.sizes.size("hidden_size")
    yield from shard.columns(f"{label}.gate_up_proj", [(gate, intermediate), (up, intermediate)], hidden, layers)
    yield from shard.rows(down, hidden, intermediate, layers, f"{label}.down_proj")


@dataclass(frozen=True)
class Experts:
    """module: one expert, or all where they are one module; names: of gate, up and down in it. count, width: the keys
    of how many there are, and of how wide one is.
    """

    module: str
    count: str
    width: str
    names: Sequence[str] = GATE_UP_DOWN


def routed(shard: Shard, experts: Experts, layers: Sequence[int], scheme: Scheme | None = None) -> Iterator[Call]:
    """Router and experts. A rank holds whole experts, or a slice of each where several ranks share a set of them.

    scheme: where it is not that of the modules.
    """
    if not layers:
        return
    hidden, width = shard.sizes.size("hidden_size"), shard.sizes.size(experts.width)
    part, count = shard.split(width, shard.expert_ranks, experts.width), shard.sizes.size(experts.count)
    gate, up, down = (f"{experts.module}.{name}" for name in experts.names)
    yield shard.unquantised("mlp.gate", count, hidden, "fp32")
    for layer, modules, n, k in (("w13", [gate, up], 2 * part, hidden), ("w2", [down], hidden, part)):
        for found in [scheme] if scheme else shard.schemes(modules, layers):
            yield from shard.experts(f"mlp.experts.{layer}", found, n, k, count, width)


def _by_kinds(shard: Shard, kinds: list[str]) -> list[bool]:
    if len(kinds) < len(shard.sizes.layers()) or not set(kinds) <= {"dense", "sparse"}:
        raise PlanError(
            f"config: mlp_layer_types has {len(kinds)} words, {', '.join(sorted(set(kinds)))[:60]}, "
            f"allowed are dense and sparse, one for each of {len(shard.sizes.layers())} layers"
        )
    return [kind == "sparse" for kind in kinds]


def split_after_first(shard: Shard) -> tuple[list[int], list[int]]:
    """Dense and sparse layers of DeepSeek and GLM: the first few are dense, then every moe_layer_freq-th is sparse."""
    layers = shard.sizes.layers()
    if shard.sizes.states("n_routed_experts") and not shard.sizes.count("n_routed_experts"):
        return list(layers), []
    first, every = shard.sizes.count("first_k_dense_replace"), shard.sizes.size("moe_layer_freq", 1)
    kinds = shard.sizes.kinds("mlp_layer_types")
    sparse = _by_kinds(shard, kinds) if kinds is not None else [i >= first and i % every == 0 for i in layers]
    return [i for i in layers if not sparse[i]], [i for i in layers if sparse[i]]


def split_by_step(shard: Shard) -> tuple[list[int], list[int]]:
    """Dense and sparse layers of Qwen: every decoder_sparse_step-th is sparse, but those of mlp_only_layers."""
    layers, step = shard.sizes.layers(), shard.sizes.size("decoder_sparse_step", 1)
    dense = set(shard.sizes.indices("mlp_only_layers") or ())
    sparse = [i for i in layers if i not in dense and (i + 1) % step == 0]
    return [i for i in layers if i not in set(sparse)], sparse
