"""The library's time model with its rates made variable, for fitting: the same arithmetic as the C++ in
cpp/dispatch/select/time_model.cpp and tile_counts.cpp, which a test holds it against."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from ..arrays.sizes import align, ceil_div
from ..problems.kinds import FAMILIES
from .points import Point

K_BLOCK_BYTES = 128
GROUP_ALIGNMENT = 128  # rows that a group of a shared A starts at a multiple of
POWER_RAMP_US = 300.0
SCALE_SHARE = 4 / 128  # bytes of a scale, for one of the elements under it
SHARED_ROWS, COUNTED_ON_DEVICE = ("contiguous", "psum"), ("psum", "masked")
GROUPS_OF_ROWS = ("contiguous", "psum", "masked")


@dataclass(frozen=True)
class Counts:
    """What the time of one kernel on one problem is computed from. k_blocks: of 128 bytes, of one tile."""

    waves: int
    idle: float  # share of the SMs without a tile
    k_blocks: float
    read_bytes: float
    outside_bytes: float


def _expected_rows(point: Point, block_m: int) -> int:
    """Tile rows of groups whose sizes only the device knows."""
    if point.grouping == "masked":
        return ceil(point.groups * max(point.m / block_m + 0.5, 1.0))
    spans, tiles_of_span = point.m / GROUP_ALIGNMENT, GROUP_ALIGNMENT / block_m
    rows = max(spans - point.groups, 0.0) * tiles_of_span + point.groups * (tiles_of_span + 1) / 2
    return ceil(max(rows, point.groups))


def _live_rows(point: Point) -> float:
    """Of a shared A, on average over sizes of groups."""
    return float(max(point.m - point.groups * (GROUP_ALIGNMENT // 2), point.groups))


def _rows_of_groups(point: Point, block_m: int) -> int:
    """Tile rows of groups of rows."""
    if point.grouping == "contiguous":
        return ceil_div(point.m, block_m)
    if point.counts:
        return max(sum(ceil_div(count, block_m) for count in point.counts), 1)
    return _expected_rows(point, block_m)


def _tile_rows(point: Point, spec: dict[str, Any]) -> int:
    block_m, cluster_m = spec["block_m"], spec["cluster_m"]
    if point.grouping in GROUPS_OF_ROWS:
        return _rows_of_groups(point, block_m)
    return point.groups * align(ceil_div(point.m, block_m), cluster_m)


def _reads_of_b(point: Point, spec: dict[str, Any]) -> float:
    if point.grouping not in GROUPS_OF_ROWS or point.family != "fp8_gemm_1d2d":
        return 1.0
    counts_padding = point.grouping == "contiguous"  # tiles of it among the others
    block_m = max(spec["block_m"], GROUP_ALIGNMENT) if counts_padding else spec["block_m"]
    rows = max(_rows_of_groups(point, block_m), 1)
    live = sum(count > 0 for count in point.counts) or point.groups
    return min(max(rows / min(live, rows) / spec["cluster_m"], 1.0), 2.0)


def _read_bytes(point: Point, spec: dict[str, Any], element_bytes: int) -> float:
    groups = point.groups
    rows = _live_rows(point) if point.grouping in SHARED_ROWS else float(groups * point.m)
    if point.counts and point.grouping in COUNTED_ON_DEVICE:
        rows, groups = float(sum(point.counts)), sum(count > 0 for count in point.counts)
    form = FAMILIES[point.family].prepacked_b  # with scales, which are no small part of it
    of_b = form.bytes_of_element + SCALE_SHARE if form else element_bytes
    return (rows * element_bytes + _reads_of_b(point, spec) * groups * point.n * of_b) * point.k


def _outside_bytes(point: Point, spec: dict[str, Any], rows: int, k_bytes: int) -> float:
    columns = align(ceil_div(point.n, spec["block_n"]), spec["cluster_n"])
    ends_inside = point.grouping in SHARED_ROWS or point.grouping == "masked"
    past_m = 0 if ends_inside else rows * spec["block_m"] - point.groups * point.m
    past_n = columns * spec["block_n"] - point.n
    return (past_m * columns / spec["cluster_n"] + past_n * rows / spec["cluster_m"]) * k_bytes


def count(point: Point, spec: dict[str, Any], device_sms: int, num_sms: int | None = None) -> Counts:
    """Of a kernel of `_core.specs()` on a device of so many SMs, of which it may use num_sms, by default all.

    With the true sizes of the groups if the point has them. Not for k_grouped and batch_reduced problems.
    """
    num_sms = num_sms or device_sms
    element_bytes = 2 if point.family == "bf16_gemm" else 1
    rows = _tile_rows(point, spec)
    tiles = rows * align(ceil_div(point.n, spec["block_n"]), spec["cluster_n"])
    cluster = spec["cluster_m"] * spec["cluster_n"]
    working = min(tiles, max(num_sms // cluster, 1) * cluster)
    k_bytes = align(point.k, spec["block_k"]) * element_bytes
    return Counts(
        ceil_div(tiles, working),
        1 - working / device_sms,
        k_bytes / K_BLOCK_BYTES,
        _read_bytes(point, spec, element_bytes),
        _outside_bytes(point, spec, rows, k_bytes),
    )


@dataclass(frozen=True)
class Columns:
    """Counts of many pairs of a problem and a kernel, as arrays."""

    waves: np.ndarray
    idle: np.ndarray
    k_blocks: np.ndarray
    read_bytes: np.ndarray
    outside_bytes: np.ndarray

    @classmethod
    def of(cls, counts: Sequence[Counts]) -> "Columns":
        names = ("waves", "idle", "k_blocks", "read_bytes", "outside_bytes")
        return cls(*(np.array([getattr(one, name) for one in counts], np.float64) for name in names))


def predict(tile: Sequence[Any], kind: Sequence[Any], of: Columns) -> np.ndarray:
    """Microseconds. tile: k_block_us, tile_us, launch_us; kind: bytes a microsecond, idle_gain, power_loss,
    outside_share. Each a number, or an array with one for each pair."""
    k_block_us, tile_us, launch_us = tile
    bytes_per_us, idle_gain, power_loss, outside_share = kind
    computing = of.waves * (of.k_blocks * k_block_us * (1 - idle_gain * of.idle) + tile_us)
    computing = computing * (1 + power_loss * computing / (computing + POWER_RAMP_US))
    reading = of.read_bytes / bytes_per_us
    outside = outside_share * of.outside_bytes / bytes_per_us
    return launch_us + np.sqrt(computing * computing + reading * reading + outside * outside)
