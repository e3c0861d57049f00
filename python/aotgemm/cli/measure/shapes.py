"""The shapes that are tuned and benchmarked: those of layers of public models, and grids of M."""

import argparse
import csv
from importlib.resources import files

M_GRID = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
ROWS_OF_A_GROUP = {  # by grouping: those of groups that have rows of their own, and of those that share M
    "masked": sorted((*M_GRID[:11], 192, 384, 768)),  # between powers of 2 tiles of 64 and 192 rows win
    "contiguous": M_GRID[7:13],  # groups start at multiples of 128 rows
}


def read_layers(name: str) -> list[dict[str, str]]:
    """Every layer of a file: model, layer, n, k and, of experts, groups. Layers of one shape are listed each."""
    with files(__package__).joinpath(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def dense_shapes() -> list[tuple[int, int]]:
    """(N, K) of the dense layers, each once, in the file's order."""
    return list(dict.fromkeys((int(layer["n"]), int(layer["k"])) for layer in read_layers("dense_shapes.csv")))


def moe_shapes() -> list[tuple[int, int, int]]:
    """(N, K, local experts) of the experts' layers."""
    layers = read_layers("moe_shapes.csv")
    return list(dict.fromkeys((int(layer["n"]), int(layer["k"]), int(layer["groups"])) for layer in layers))


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
