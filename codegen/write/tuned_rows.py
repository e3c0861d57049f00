"""Tuned rows: measured choices of kernels, read from tuning/*.txt and written as a sorted table of the library."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from codegen.files import fill, write_if_changed
from codegen.spec import KernelSpec

FOLDER = Path(__file__).parent.parent / "tuning"
# Groupings whose kernels have the same tiles and loops as the measured one's, and find the groups in another way.
TWINS = {"contiguous": "psum"}
Parsed = TypeVar("Parsed")


class TunedRowError(ValueError):
    """A file of tuned rows that cannot be compiled in."""


@dataclass(frozen=True, order=True)
class DeviceClass:
    """Devices that share measurements: equal compute capability and SM count, alike in memory bandwidth (GB/s)."""

    cc: tuple[int, int]
    num_sms: int
    memory_gbps: tuple[int, int]  # first and last, both included

    def overlaps(self, other: "DeviceClass") -> bool:
        same = (self.cc, self.num_sms) == (other.cc, other.num_sms)
        (first, last), (other_first, other_last) = self.memory_gbps, other.memory_gbps
        return same and first <= other_last and other_first <= last


@dataclass(frozen=True)
class TunedRow:
    """One line of a file; tuning/README.md says what each column means. Their order here is that in the file."""

    family: str
    grouping: str
    layout: str
    out_dtype: str
    groups: int
    n: int
    k: int
    m_first: int
    m_last: int
    m: int
    kernel: str
    us: float
    next: str
    next_us: float
    clock_mhz: int
    date: str
    card: str

    @property
    def problem(self) -> tuple:
        """What the table is sorted by, before m_first."""
        return self.family, self.grouping, self.layout, self.out_dtype, self.groups, self.n, self.k

    @property
    def key(self) -> tuple:
        return *self.problem, self.m_first


COLUMNS = tuple(field.name for field in fields(TunedRow))
Tables = list[tuple[DeviceClass, list[TunedRow]]]


def _device_class(line: str) -> DeviceClass:
    cc, num_sms, memory = (part.partition("=")[2] for part in line.split()[1:])
    (major, minor), (first, last) = cc.split("."), memory.split("-")
    return DeviceClass((int(major), int(minor)), int(num_sms), (int(first), int(last)))


def _row(line: str) -> TunedRow:
    values = line.split(maxsplit=len(COLUMNS) - 1)
    if len(values) != len(COLUMNS):
        raise ValueError(f"has {len(values)} columns, must have {len(COLUMNS)}")
    return TunedRow(*(field.type(value) for field, value in zip(fields(TunedRow), values, strict=True)))


def _check_columns(line: str) -> None:
    if tuple(line.split()) != COLUMNS:
        raise ValueError(f"names other columns than {' '.join(COLUMNS)}")


def _parsed(path: Path, numbered: tuple[int, str], parse: Callable[[str], Parsed]) -> Parsed:
    number, line = numbered
    try:
        return parse(line)
    except ValueError as error:
        raise TunedRowError(f"{path.name}, line {number}: {error}: {line!r}") from error


def read_file(path: Path) -> tuple[DeviceClass, list[TunedRow]]:
    """The device class and the rows of one file, as they stand there."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    lines = [(number, line) for number, line in lines if line.strip() and not line.startswith("#")]
    if len(lines) < 2:
        raise TunedRowError(f"{path.name}: has no line for the device and none for the columns")
    device = _parsed(path, lines[0], _device_class)
    _parsed(path, lines[1], _check_columns)
    return device, [_parsed(path, line, _row) for line in lines[2:]]


def _why_bad(row: TunedRow, device: DeviceClass, spec: KernelSpec | None) -> str | None:
    if spec is None:
        return f"kernel {row.kernel} is not in the matrix; measure again, or drop the row"
    same = (spec.family, spec.grouping, spec.layout, spec.out_dtype) == row.problem[:4]
    if not same or not spec.arch.startswith(f"sm_{device.cc[0]}{device.cc[1]}"):
        return (
            f"kernel {row.kernel} does not serve the row's problem on compute capability {device.cc[0]}.{device.cc[1]}"
        )
    if not 1 <= row.m_first <= row.m <= row.m_last:
        return f"m_first, m, m_last are {row.m_first}, {row.m}, {row.m_last}; must rise from 1 on"
    return None


def _check(tables: Tables, specs: dict[str, KernelSpec]) -> None:
    for device, rows in tables:
        for row in rows:
            if (reason := _why_bad(row, device, specs.get(row.kernel))) is not None:
                raise TunedRowError(f"tuned row of {row.key}: {reason}")
        for low, high in pairwise(rows):
            if low.problem == high.problem and high.m_first <= low.m_last:
                raise TunedRowError(f"tuned rows of {low.problem} overlap at M = {high.m_first}")
    for (low, _), (high, _) in pairwise(tables):
        if low.overlaps(high):
            raise TunedRowError(f"two files are for one device class: {low} and {high}")


def _of_twins(rows: list[TunedRow], specs: dict[str, KernelSpec]) -> list[TunedRow]:
    """Rows for groupings that nobody measured, of measurements of their twins; a kernel without a twin has none."""
    measured = {row.problem for row in rows}
    twins = []
    for row in rows:
        twin, spec = TWINS.get(row.grouping), specs.get(row.kernel)
        if twin is None or spec is None:
            continue
        kernel, following = (name.replace(f"_{row.grouping}_", f"_{twin}_") for name in (row.kernel, row.next))
        as_twin = replace(row, grouping=twin, kernel=kernel, next=following, card=f"{row.card} as {row.grouping}")
        if kernel in specs and as_twin.problem not in measured:
            twins.append(as_twin)
    return twins


def read_tables(specs: list[KernelSpec], folder: Path = FOLDER) -> Tables:
    """Every file of the folder, sorted by device class, rows and those of twins sorted by key.

    Raises TunedRowError for a bad one.
    """
    by_name = {spec.name(): spec for spec in specs}
    files = sorted((read_file(path) for path in folder.glob("*.txt")), key=lambda table: table[0])
    tables = [(device, sorted([*rows, *_of_twins(rows, by_name)], key=lambda row: row.key)) for device, rows in files]
    _check(tables, by_name)
    return tables


def _quoted(*texts: str) -> str:
    return ", ".join(f'"{text}"' for text in texts)


def _row_text(device: int, row: TunedRow, kernels: dict[str, int]) -> str:
    numbers = ", ".join(str(value) for value in (row.groups, row.n, row.k, row.m_first, row.m_last, row.m))
    source = f"{row.card}, {row.clock_mhz} MHz, {row.date}"
    fields = [str(device), _quoted(*row.problem[:4]), numbers, str(kernels[row.kernel]), repr(row.us)]
    return f"    {{{', '.join([*fields, _quoted(row.next), repr(row.next_us), _quoted(source)])}}},\n"


def _device_text(device: DeviceClass) -> str:
    return f"    {{{', '.join(map(str, (*device.cc, device.num_sms, *device.memory_gbps)))}}},\n"


def write_tuned_rows(specs: list[KernelSpec], out: Path, folder: Path = FOLDER) -> None:
    """Writes tuned_rows.cpp. A kernel's index there is its place among the GEMM specs, as in the library's table."""
    tables = read_tables(specs, folder)
    kernels = {spec.name(): index for index, spec in enumerate(spec for spec in specs if spec.is_gemm)}
    rows = [_row_text(index, row, kernels) for index, (_, rows) in enumerate(tables) for row in rows]
    text = fill(
        "library/tuned_rows.cpp.in",
        row_count=len(rows),
        rows="".join(rows),
        device_count=len(tables),
        devices="".join(_device_text(device) for device, _ in tables),
    )
    write_if_changed(out / "tuned_rows.cpp", text)
