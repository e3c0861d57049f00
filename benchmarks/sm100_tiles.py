"""Tiles that DeepGEMM's sm_100 kernels have, and the one that its rules take for a problem: to hold the choices of this
library against. The rules are those of its heuristics for sm100 (commit 54e2261), in our words.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from aotgemm import _core

TENSOR_COLUMNS = 512  # of tensor memory, in words of 32 bits
SHARED_ROWS = ("contiguous", "psum", "masked")


def _ceil(size: int, part: int) -> int:
    return -(-size // part)


@dataclass(frozen=True)
class Tile:
    """Of one CTA; two of a cluster are a pair. block_m counts rows of D, swapped or not."""

    block_m: int
    block_n: int
    cluster_m: int = 1
    cluster_n: int = 1
    swap_ab: bool = False

    @property
    def cluster(self) -> int:
        return self.cluster_m * self.cluster_n

    def __str__(self) -> str:
        return f"{'swap ' * self.swap_ab}{self.block_m}x{self.block_n} c{self.cluster_m}x{self.cluster_n}"


@dataclass(frozen=True)
class Problem:
    """A call: words and sizes as in aotgemm.explain, for a B200 unless another device is named."""

    family: str
    m: int
    n: int
    k: int
    grouping: str = "dense"
    layout: str = "nt"
    out_dtype: str = "bf16"
    groups: int = 1
    device: str = "b200"

    @property
    def element_bytes(self) -> int:
        return 2 if self.family == "bf16_gemm" else 1

    @property
    def num_sms(self) -> int:
        return _core.named_device(self.device)["num_sms"]

    def predicted(self, tile: Tile) -> dict:
        """Time of a tile by the library's model, in microseconds, and what it is made of."""
        shape = asdict(tile) | {"block_k": 128 // self.element_bytes}
        words = (self.grouping, self.layout, self.out_dtype, self.groups)
        return _core.predict_tile(shape, self.family, self.m, self.n, self.k, 0, self.device, *words)


def _has_room(problem: Problem, tile: Tile) -> bool:
    """Two accumulators and, for scaled operands, the words of 128 rows at a time fit in tensor memory."""
    columns = tile.block_m if tile.swap_ab else tile.block_n
    scales = 0 if problem.element_bytes == 2 else sum(4 * _ceil(rows, 128) for rows in (tile.block_m, tile.block_n))
    return 2 * columns + scales <= TENSOR_COLUMNS


def _is_loadable(problem: Problem, tile: Tile) -> bool:
    """An operand with M or N innermost comes in boxes of 64, and the other in groups of 8 rows."""
    rows_a, rows_b = tile.block_m // tile.cluster_n, tile.block_n // tile.cluster_m
    return (
        rows_a % (64 if problem.layout[0] == "t" else 8) == 0 and rows_b % (64 if problem.layout[1] == "n" else 8) == 0
    )


def _fills_clusters(problem: Problem, tile: Tile) -> bool:
    rows, columns = _ceil(problem.m, tile.block_m), _ceil(problem.n, tile.block_n)
    return rows % tile.cluster_m == columns % tile.cluster_n == problem.num_sms % tile.cluster == 0


def _of_groups(problem: Problem, alignment: int) -> Iterator[Tile]:
    paired = _ceil(problem.n, 128) % 2 == 0 and problem.num_sms % 2 == 0
    yield Tile(alignment, 128, 1, 2 if paired else 1, swap_ab=True)


def _shapes(problem: Problem) -> Iterator[Tile]:
    rows = 32 if problem.m <= 32 else 64 if problem.m <= 64 else 128
    widest = 128 if problem.k <= 256 else 256
    for cluster in (1, 2):
        yield from (Tile(rows, columns, cluster) for columns in (16, *range(32, widest + 1, 32)))
        yield from (Tile(tokens, 128, 1, cluster, swap_ab=True) for tokens in range(16, 257, 16))


def deepgemm_tiles(problem: Problem, alignment: int = 128) -> list[Tile]:
    """Those it chooses between. alignment: rows that groups of a shared A start at multiples of."""
    if problem.grouping in SHARED_ROWS:
        return list(_of_groups(problem, alignment))
    fitting = (_has_room, _is_loadable, _fills_clusters)
    return [tile for tile in _shapes(problem) if all(rule(problem, tile) for rule in fitting)]


def _rank(problem: Problem, tile: Tile) -> tuple:
    tiles = _ceil(problem.m, tile.block_m) * _ceil(problem.n, tile.block_n) * problem.groups
    waves, last = _ceil(tiles, problem.num_sms), tiles % problem.num_sms or problem.num_sms
    sizes = tile.block_m + tile.block_n, tile.block_m * tile.block_n
    return waves != 1, -tile.cluster, waves, -last, *sizes


def deepgemm_choice(problem: Problem, alignment: int = 128) -> Tile:
    """One wave before all, then pairs, fewer waves, a fuller last one, and the smaller tile."""
    return min(deepgemm_tiles(problem, alignment), key=lambda tile: _rank(problem, tile))
