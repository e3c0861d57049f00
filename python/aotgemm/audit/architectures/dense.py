"""Decoders without experts."""

from collections.abc import Iterator

from ..calls import Call
from ..sharding import Shard
from .attention import grouped_query
from .feed_forward import mlp


def dense_decoder(shard: Shard) -> Iterator[Call]:
    """Llama and models of its shape."""
    layers = shard.sizes.layers()
    yield from grouped_query(shard, layers)
    yield from mlp(shard, "mlp", shard.sizes.size("intermediate_size"), layers)
    yield shard.head(shard.sizes.size("hidden_size"))
