"""The shapes that are tuned and benchmarked: those of layers of public models, and grids of M."""

import argparse
import csv
from importlib.resources import files

M_GRID = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
# Rows of a group: of groups that have rows of their own (between powers of 2 tiles of 64 and 192 rows win), and of
# those that share M and start at multiples of 128.
SEPARATE_ROWS = tuple(sorted((*M_GRID[:11], 192, 384, 768)))
ALIGNED_ROWS = M_GRID[7:13]
# Of a weight gradient [outputs, inputs]: outputs; and the tokens that it sums over.
GRADIENT_ROWS = (512, 1024, 2048, 4096, 7168, 8192)
GRADIENT_TOKENS = (2048, 4096, 8192)


def read_layers(name: str) -> list[dict[str, str]]:
    """Every layer of a file: model, layer, n, k and, of experts, groups. Layers of one shape are listed each."""
    with files(__package__).joinpath(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _shapes(name: str) -> list[tuple[int, int, int]]:
    """(N, K, groups) of a file's layers, each once, in its order; groups is 1 where the file has none."""
    layers = read_layers(name)
    return list(dict.fromkeys((int(layer["n"]), int(layer["k"]), int(layer.get("groups", 1))) for layer in layers))


def dense_shapes() -> list[tuple[int, int]]:
    """(N, K) of the dense layers."""
    return [(n, k) for n, k, _ in dense_layers()]


def dense_layers() -> list[tuple[int, int, int]]:
    """(N, K, 1) of the dense layers."""
    return _shapes("dense_shapes.csv")


def bf16_layers() -> list[tuple[int, int, int]]:
    """(N, K, 1) of layers that run in BF16: the dense ones, and routers, heads and adapters."""
    return list(dict.fromkeys([*dense_layers(), *_shapes("bf16_shapes.csv")]))


def head_layers() -> list[tuple[int, int, int]]:
    """(N, K, 1) of the projections from a latent vector to the K and V of all heads."""
    layers = (layer for layer in read_layers("dense_shapes.csv") if layer["layer"].startswith("kv_b"))
    return [(int(layer["n"]), int(layer["k"]), 1) for layer in layers]


def moe_shapes() -> list[tuple[int, int, int]]:
    """(N, K, local experts) of the experts' layers."""
    return _shapes("moe_shapes.csv")


def batched_shapes() -> list[tuple[int, int, int]]:
    """(N, K, heads or groups of heads) of the products that attention makes for each of those."""
    return _shapes("batched_shapes.csv")


def gradient_shapes() -> list[tuple[int, int, int]]:
    """(inputs, tokens, 1) of the dense layers' weight gradients."""
    inputs = dict.fromkeys(k for _, k in dense_shapes())
    return [(k, tokens, 1) for k in inputs for tokens in GRADIENT_TOKENS]


def parse_sizes(text: str) -> list[int]:
    """The type of an option such as --m 1,64,4096."""
    parts = text.split(",")
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"is {text}, allowed are positive numbers with commas between them")
    return sorted({int(part) for part in parts})


def parse_shapes(text: str) -> list[tuple[int, int]]:
    """The type of an option such as --shapes 2112x7168,7168x2048: N x K."""
    shapes = [part.split("x") for part in text.split(",")]
    if not all(len(shape) == 2 and all(size.isdecimal() and int(size) > 0 for size in shape) for shape in shapes):
        raise argparse.ArgumentTypeError(f"is {text}, allowed is NxK, or several with commas between them")
    return list(dict.fromkeys((int(n), int(k)) for n, k in shapes))
