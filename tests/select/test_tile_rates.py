"""Tile rates: what is read, what is refused, which kernel stands in for which, and what the library makes of them."""

from dataclasses import replace

import pytest
from aotgemm import _core
from aotgemm.choice import arch_of
from aotgemm.problems.kinds import words_of as words_of_row

from codegen.matrix import all_specs, gemm_specs
from codegen.write.tile_rates import (
    DeviceClass,
    TileRateError,
    is_of,
    read_tables,
    stand_in,
    words_of,
    write_tile_rates,
)

SPECS = [spec for spec in gemm_specs() if spec.arch == "sm_90a"]
H100 = "device 9.0 132 3352 1980"
DENSE = next(spec for spec in SPECS if spec.grouping == "dense")
KIND = f"kind {' '.join(words_of(DENSE))} 2900 0.2 0.25 1 2026-01-02 NVIDIA H100 80GB HBM3"
TILE = f"tile {DENSE.name()} 0.1 0.5 6 10 0.05"
OTHER = next(spec for spec in SPECS if spec.grouping == "masked")


def write(folder, *lines, name="h100.txt"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("# measured\n\n" + "\n".join(lines) + "\n")
    return folder


def test_lines_are_read_as_written(tmp_path):
    (table,) = read_tables(all_specs(), write(tmp_path, H100, KIND, TILE))
    assert table.device == DeviceClass("9.0", 132, 3352, 1980)
    assert table.kinds[words_of(DENSE)].card == "NVIDIA H100 80GB HBM3"
    rate = table.tiles[DENSE.name()]
    assert (rate.k_block_us, rate.tile_us, rate.launch_us, rate.points, rate.spread) == (0.1, 0.5, 6.0, 10, 0.05)


@pytest.mark.parametrize(
    "lines, fragments",
    [
        ([H100, KIND, TILE.replace("_dense_", "_gone_")], ["h100.txt, line 5", "not in the matrix"]),
        ([H100, TILE], ["line 4", "of a kind without a line before it"]),
        ([H100, KIND, TILE, TILE], ["line 6", "a second time"]),
        ([H100, KIND, KIND], ["line 5", "a second time"]),
        ([H100, KIND, H100], ["line 5", "states the device a second time"]),
        ([H100, KIND, TILE.replace("0.5", "fast")], ["line 5", "fast"]),
        ([H100, KIND, TILE.replace("0.5", "-0.5")], ["line 5", "tile_us is -0.5, allowed is a number from 0 on"]),
        ([H100, KIND, TILE.replace("0.5", "nan")], ["line 5", "tile_us is nan"]),
        ([H100, KIND, "tile x 1"], ["line 5", "has 2 columns, must have 6: kernel k_block_us"]),
        ([H100, "row 1"], ["line 4", "begins with row, allowed are device, kind, tile"]),
        ([KIND], ["h100.txt: does not begin with a line that states the device"]),
        (["device 10.0 148 7672 1965", KIND, TILE], ["line 5", "does not run on compute capability 10.0"]),
    ],
    ids=["kernel", "kind", "tile twice", "kind twice", "device twice", "number", "negative", "nan", "columns", "word",
         "no device", "architecture"],
)  # fmt: skip
def test_a_bad_line_is_refused(tmp_path, lines, fragments):
    with pytest.raises(TileRateError) as caught:
        read_tables(all_specs(), write(tmp_path, *lines))
    assert [fragment for fragment in fragments if fragment not in str(caught.value)] == []


def test_two_files_for_one_device_class_are_refused(tmp_path):
    write(tmp_path, H100, KIND, TILE)
    write(tmp_path, "device 9.0 132 3600 1980", KIND, TILE, name="other.txt")
    with pytest.raises(TileRateError, match="h100.txt and other.txt are for one device class"):
        read_tables(all_specs(), tmp_path)


def test_an_architecture_without_a_file_is_refused(tmp_path):
    with pytest.raises(TileRateError, match="no file is for sm_90a"):
        read_tables(all_specs(), tmp_path)


def test_sm_100a_needs_no_file(tmp_path):
    blackwell = replace(DENSE, arch="sm_100a")
    (table,) = read_tables([*SPECS, blackwell], write(tmp_path, H100, KIND, TILE))
    assert not is_of(blackwell, table.device)


def test_a_family_without_a_line_is_refused(tmp_path):
    write(tmp_path / "rates", H100, KIND, TILE)
    with pytest.raises(TileRateError, match="h100.txt: has no line for .*, and none for a kernel that could stand in"):
        write_tile_rates(all_specs(), tmp_path / "out", tmp_path / "rates")


def test_a_measured_kernel_stands_for_itself():
    assert all(stand_in(spec, SPECS) == spec for spec in SPECS)


@pytest.mark.parametrize("table", read_tables(all_specs()), ids=lambda table: table.file)
def test_every_kernel_has_a_rate_of_its_family(table):
    measured = [spec for spec in SPECS if spec.name() in table.tiles]
    for spec in SPECS:
        other = stand_in(spec, measured)
        assert other is not None and other.family == spec.family


def test_the_same_tile_is_nearest_then_the_grouping_then_layout_and_output():
    spec = next(s for s in SPECS if words_of(s) == ("bf16_gemm", "psum", "nn", "bf16"))
    twin = replace(spec, grouping="contiguous", layout="nt")
    dense = replace(spec, grouping="dense", layout="nt")
    larger = replace(twin, block_n=2 * spec.block_n)
    measured = [larger, dense, twin]
    assert stand_in(spec, measured) == twin
    assert stand_in(spec, [larger, dense]) == dense
    assert stand_in(spec, [larger]) == larger
    assert stand_in(spec, [replace(twin, layout="nn"), twin]).layout == "nn"
    assert stand_in(spec, [replace(twin, family="fp8_gemm_1d2d")]) is None


PROBLEM = ("fp8_gemm_1d2d", 64, 2112, 7168, 0)


def test_the_reason_says_what_was_measured_and_what_was_computed():
    choice = _core.select(*PROBLEM, "h200", 1)[0]
    assert "NVIDIA H200, 1980 MHz, 2026-11-28" in choice["reason"] and "clock x" not in choice["reason"]
    assert f"computed: {choice['tiles']} tiles on {choice['grid']} of 132 SMs, at most 1 a block" in choice["reason"]
    assert f"{(64 + 2112) * 7168 / 1e6:.1f} MB read" in choice["reason"] and "us a K block" in choice["reason"]


def test_a_stand_in_is_named_as_such():
    reason = _core.select("bf16_gemm", 64, 2112, 7168, 0, "h200", 1, "dense", "tn")[0]["reason"]
    assert "measured on dense nt bf16: " in reason


def test_datasheet_and_driver_name_one_class():
    """4,916 GB/s by the datasheet, 4,814 by the driver's clocks."""
    h200 = _core.named_device("h200")
    as_driver = h200 | {"memory_gbps": 4814}
    assert _core.select(*PROBLEM, h200, 5) == _core.select(*PROBLEM, as_driver, 5)


def test_an_unmeasured_device_takes_the_nearest_class_scaled():
    h100 = _core.named_device("h100")
    for name, memory, clock in (("memory", 2000, 1980), ("clock", 3352, 1500)):
        device = h100 | {"memory_gbps": memory, "clock_mhz": clock}
        ours, known = ({c["name"]: c for c in _core.select(*PROBLEM, d, 99)} for d in (device, h100))
        assert all(ours[kernel]["predicted_us"] > known[kernel]["predicted_us"] for kernel in known), name
        reason = next(iter(ours.values()))["reason"]
        assert f"; clock x {clock / 1980:.2f}, memory x {memory / 3352:.2f}" in reason


@pytest.mark.parametrize("name", _core.named_devices())
def test_reasons_are_whole(name):
    """However large the numbers; all of 256 characters would be a cut one."""
    device = _core.named_device(name)
    words = ("MHz, 2026-11-2", " a launch") if _core.has_measured_rates(device) else ("not measured", " us of launch")
    for spec in (spec for spec in _core.specs() if spec["arch"] == arch_of(device)):
        family, *rest = words_of_row(spec)
        choices = _core.select(family, 65536, 262144, 65536, 0, name, 99, *rest, 1)
        assert all(len(choice["reason"]) < 255 for choice in choices)
        assert all(word in choice["reason"] for choice in choices for word in words)
