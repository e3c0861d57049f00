"""Tile rates: how fast each kernel's tiles are on a card, read from tuning/*.txt and written as a table of the library.

tuning/README.md says what a file holds. A kernel that nobody measured takes the rates of the nearest measured one.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import combinations
from math import log2
from pathlib import Path
from typing import TypeVar

from codegen.files import fill, write_if_changed
from codegen.spec import KernelSpec

FOLDER = Path(__file__).parent.parent / "tuning"
# Groupings by how alike their kernels are: with the same tile they run the same loop, and find their tiles otherwise.
STAND_INS = {
    "dense": ("dense", "batched"),
    "batched": ("batched", "dense"),
    "contiguous": ("contiguous", "psum", "dense"),
    "psum": ("psum", "contiguous", "dense"),
    "masked": ("masked", "psum", "contiguous", "dense"),
    "k_grouped": ("k_grouped", "dense"),
    "batch_reduced": ("batch_reduced", "dense"),
}
# Architectures that may be without a file: the library has a model of published facts for their kernels, in
# cpp/dispatch/select/sm100_model.cpp, which holds until one is measured.
PREDICTED = ("sm_100a",)
SAME_BANDWIDTH = 1.08  # as in cpp/dispatch/select/tile_rates.cpp
Words = tuple[str, str, str, str]  # family, grouping, layout, out_dtype
Line = TypeVar("Line")


class TileRateError(ValueError):
    """A file of tile rates that cannot be compiled in."""


@dataclass(frozen=True)
class DeviceClass:
    """Devices that share measurements. memory_gbps: nominal bandwidth in GB/s; clock_mhz: nominal boost clock."""

    cc: str
    num_sms: int
    memory_gbps: int
    clock_mhz: int

    def overlaps(self, other: "DeviceClass") -> bool:
        """Whether a device could be of both."""
        same = (self.cc, self.num_sms, self.clock_mhz) == (other.cc, other.num_sms, other.clock_mhz)
        low, high = sorted((self.memory_gbps, other.memory_gbps))
        return same and high <= low * SAME_BANDWIDTH**2


@dataclass(frozen=True)
class KindRates:
    """A line `kind`: what the kernels of one kind of call share."""

    family: str
    grouping: str
    layout: str
    out_dtype: str
    gbps: float
    idle_gain: float
    power_loss: float
    outside_share: float
    date: str
    card: str

    @property
    def words(self) -> Words:
        return self.family, self.grouping, self.layout, self.out_dtype


@dataclass(frozen=True)
class TileRate:
    """A line `tile`: times of one kernel in microseconds. spread: standard deviation of log(measured / predicted)."""

    kernel: str
    k_block_us: float
    tile_us: float
    launch_us: float
    points: int
    spread: float


@dataclass(frozen=True)
class RateTable:
    """One file."""

    file: str
    device: DeviceClass
    kinds: dict[Words, KindRates]
    tiles: dict[str, TileRate]  # by kernel


def columns(line: type) -> tuple[str, ...]:
    """Of a line, after its first word."""
    return tuple(field.name for field in fields(line))


def _parsed(line: type[Line], text: str) -> Line:
    values = text.split(maxsplit=len(fields(line)))[1:]
    if len(values) != len(fields(line)):
        raise ValueError(f"has {len(values)} columns, must have {len(fields(line))}: {' '.join(columns(line))}")
    return line(*(field.type(value) for field, value in zip(fields(line), values, strict=True)))


LINES: dict[str, type] = {"device": DeviceClass, "kind": KindRates, "tile": TileRate}


def _line(text: str) -> DeviceClass | KindRates | TileRate:
    word = text.split()[0]
    if word not in LINES:
        raise ValueError(f"begins with {word}, allowed are {', '.join(LINES)}")
    line = _parsed(LINES[word], text)
    bad = [name for name, value in vars(line).items() if isinstance(value, (int, float)) and not 0 <= value < 1e9]
    if bad:
        raise ValueError(f"{bad[0]} is {getattr(line, bad[0])}, allowed is a number from 0 on")
    return line


def _add(table: dict, key: object, line: Line) -> None:
    if key in table:
        raise ValueError(f"says a second time what {key} is")
    table[key] = line


def _check_kernel(table: RateTable, specs: dict[str, KernelSpec], rate: TileRate) -> None:
    spec = specs.get(rate.kernel)
    if spec is None:
        raise ValueError(f"kernel {rate.kernel} is not in the matrix; measure again, or drop the line")
    if not is_of(spec, table.device):
        raise ValueError(f"kernel {rate.kernel} does not run on compute capability {table.device.cc}")
    if words_of(spec) not in table.kinds:
        raise ValueError(f"kernel {rate.kernel} is of a kind without a line before it")


def words_of(spec: KernelSpec) -> Words:
    return spec.family, spec.grouping, spec.layout, spec.out_dtype


def is_of(spec: KernelSpec, device: DeviceClass) -> bool:
    """Whether a kernel was compiled for a device's architecture."""
    return spec.arch.rstrip("a") == f"sm_{device.cc.replace('.', '')}"


def _take(table: RateTable, specs: dict[str, KernelSpec], line: KindRates | TileRate) -> None:
    if isinstance(line, KindRates):
        _add(table.kinds, line.words, line)
    elif isinstance(line, TileRate):
        _check_kernel(table, specs, line)
        _add(table.tiles, line.kernel, line)
    else:
        raise ValueError("states the device a second time")


def _located(path: Path, number: int, text: str, act: Callable[[], Line]) -> Line:
    try:
        return act()
    except ValueError as error:
        raise TileRateError(f"{path.name}, line {number}: {error}: {text!r}") from error


def read_file(path: Path, specs: list[KernelSpec]) -> RateTable:
    """What one file states. Raises TileRateError, which names the file and the line, for what cannot be right."""
    by_name = {spec.name(): spec for spec in specs if spec.is_gemm}
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    lines = [(number, text) for number, text in lines if text.strip() and not text.startswith("#")]
    parsed = [(number, text, _located(path, number, text, lambda text=text: _line(text))) for number, text in lines]
    if not parsed or not isinstance(parsed[0][2], DeviceClass):
        raise TileRateError(f"{path.name}: does not begin with a line that states the device")
    table = RateTable(path.name, parsed[0][2], {}, {})
    for number, text, line in parsed[1:]:
        _located(path, number, text, lambda line=line: _take(table, by_name, line))
    return table


def _tile_distance(spec: KernelSpec, other: KernelSpec) -> float:
    """How unlike two tiles are: 1 for a factor of 2 in one dimension or for the other operand order."""
    pairs = ("block_m", "block_n", "cluster_m", "cluster_n")
    sizes = sum(abs(log2(getattr(spec, name) / getattr(other, name))) for name in pairs)
    rest = abs(spec.in_flight - other.in_flight) + abs(log2(spec.block_k / other.block_k))
    return sizes + (spec.swap_ab != other.swap_ab) + 0.1 * rest + 0.01 * abs(spec.stages - other.stages)


def stand_in(spec: KernelSpec, measured: list[KernelSpec]) -> KernelSpec | None:
    """The measured kernel whose rates a kernel takes, itself if it was measured; None if its family was not.

    First the nearest tile, then the nearest grouping, then equal layout and output.
    """
    order = STAND_INS[spec.grouping]

    def distance(other: KernelSpec) -> tuple:
        same = (spec.layout != other.layout, spec.out_dtype != other.out_dtype)
        return _tile_distance(spec, other), order.index(other.grouping), *same

    usable = [other for other in measured if other.family == spec.family and other.grouping in order]
    return min(usable, key=distance, default=None)


def read_tables(specs: list[KernelSpec], folder: Path = FOLDER) -> list[RateTable]:
    """Every file of the folder, by name. Raises TileRateError for a bad one, and where an architecture that needs one
    has none.
    """
    tables = [read_file(path, specs) for path in sorted(folder.glob("*.txt"))]
    for low, high in combinations(tables, 2):
        if low.device.overlaps(high.device):
            raise TileRateError(f"{low.file} and {high.file} are for one device class: {low.device}, {high.device}")
    for arch in sorted({spec.arch for spec in specs if spec.is_gemm and spec.arch not in PREDICTED}):
        if not any(spec.arch == arch and is_of(spec, table.device) for table in tables for spec in specs):
            raise TileRateError(f"{folder.name}: no file is for {arch}, for which the matrix has kernels")
    return tables


def _cpp(value: object) -> str:
    return "nullptr" if value is None else f'"{value}"' if isinstance(value, str) else repr(value)


def _row(*values: object) -> str:
    return f"    {{{', '.join(map(_cpp, values))}}},\n"


def _kind_text(kind: KindRates, device: DeviceClass) -> str:
    source = f"{kind.card}, {device.clock_mhz} MHz, {kind.date}"
    return _row(kind.gbps * 1e3, kind.idle_gain, kind.power_loss, kind.outside_share, source)


def _tile_text(spec: KernelSpec, table: RateTable, measured: list[KernelSpec]) -> str:
    if not is_of(spec, table.device):
        return _row(0.0, 0.0, 0.0, 0, None)
    other = stand_in(spec, measured)
    if other is None:
        raise TileRateError(f"{table.file}: has no line for {spec.name()}, and none for a kernel that could stand in")
    rate = table.tiles[other.name()]
    kind = list(table.kinds).index(words_of(other))
    area = spec.block_m * spec.block_n / (other.block_m * other.block_n)  # a K block's work, and an epilogue's
    words = None if other == spec else " ".join(words_of(other)[1:])
    return _row(rate.k_block_us * area, rate.tile_us * area, rate.launch_us, kind, words)


def _class_text(index: int, table: RateTable, specs: list[KernelSpec]) -> str:
    measured = [spec for spec in specs if spec.name() in table.tiles]
    return fill(
        "library/tile_rates_class.cpp.in",
        index=index,
        kind_count=len(table.kinds),
        kinds="".join(_kind_text(kind, table.device) for kind in table.kinds.values()),
        tile_count=len(specs),
        tiles="".join(_tile_text(spec, table, measured) for spec in specs),
    )


def _device_text(index: int, device: DeviceClass) -> str:
    numbers = (*map(int, device.cc.split(".")), device.num_sms, device.memory_gbps, device.clock_mhz)
    return f"    {{{', '.join(map(str, numbers))}, kKinds{index}, kTiles{index}}},\n"


def write_tile_rates(specs: list[KernelSpec], out: Path, folder: Path = FOLDER) -> None:
    """Writes tile_rates.cpp. A kernel's index there is its place among the GEMM specs, as in the library's table."""
    gemms = [spec for spec in specs if spec.is_gemm]
    tables = read_tables(gemms, folder)
    text = fill(
        "library/tile_rates.cpp.in",
        tables="".join(_class_text(index, table, gemms) for index, table in enumerate(tables)),
        class_count=len(tables),
        classes="".join(_device_text(index, table.device) for index, table in enumerate(tables)),
    )
    write_if_changed(out / "tile_rates.cpp", text)
