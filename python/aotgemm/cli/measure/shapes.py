"""The shapes that are tuned and benchmarked: N x K of public model configurations, and a grid of M."""

import argparse
import csv
from importlib.resources import files

M_GRID = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)


def dense_layers() -> list[dict[str, str]]:
    """Every layer of dense_shapes.csv: model, layer, n, k. Layers of one shape are listed each."""
    with files(__package__).joinpath("dense_shapes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def dense_shapes() -> list[tuple[int, int]]:
    """(N, K) of those layers, each once, in the file's order."""
    return list(dict.fromkeys((int(layer["n"]), int(layer["k"])) for layer in dense_layers()))


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
