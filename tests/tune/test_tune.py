"""The tuner's logic with a clock of our own: what is measured, dropped, kept, resumed and written."""

import argparse
import json
from dataclasses import asdict

import numpy as np
import pytest
from aotgemm import _core
from aotgemm.bench.rounds import FIRST_ROUNDS, Measurement, measure
from aotgemm.bench.shapes import dense_shapes, moe_shapes, parse_shapes, parse_sizes, read_layers
from aotgemm.cli import main, tune
from aotgemm.errors import RequestError
from aotgemm.problems.kinds import KINDS, kernels_of
from aotgemm.tune.draw import closeness, draw_sizes
from aotgemm.tune.fit import Rates
from aotgemm.tune.grids import TUNED_KINDS, sizes_of
from aotgemm.tune.kernels import kernels_on
from aotgemm.tune.points import Point, fastest, make_points
from aotgemm.tune.rates import KIND_COLUMNS, TILE_COLUMNS, Source, device_line, write_rates
from aotgemm.tune.results import ResultsFile, kernel_hashes
from aotgemm.tune.summary import percentile

from codegen.matrix import all_specs, gemm_specs
from codegen.write import tile_rates

H100 = _core.named_device("h100")
KIND = KINDS["fp8_gemm_1d2d"]
NAMES = [spec["name"] for spec in kernels_of(KIND)]
SPECS = {spec["kernel"]: spec for spec in _core.specs()}


class FakeClock:
    """Times by name and round; notes which calls each round made."""

    def __init__(self, us):
        self.us, self.rounds, self.running = us, [], []

    def call(self, name):
        return lambda: self.running.append(name)

    def round_us(self, calls):
        self.running = []
        for call in calls:
            call()
        self.rounds.append(self.running)
        return [self.us(name, len(self.rounds)) for name in self.running]


def run_measure(us, rounds=7, keep=1.3, names="abc"):
    clock = FakeClock(us)
    return measure(clock.round_us, {name: clock.call(name) for name in names}, rounds, keep), clock


def test_slow_candidates_are_dropped_and_the_rest_interleaved():
    measured, clock = run_measure(lambda name, _: {"a": 10.0, "b": 12.9, "c": 13.1}[name])
    assert measured == {"a": Measurement(10.0, 7), "b": Measurement(12.9, 7), "c": Measurement(13.1, FIRST_ROUNDS)}
    assert [sorted(round) for round in clock.rounds] == [["a", "b", "c"]] * (1 + FIRST_ROUNDS) + [["a", "b"]] * 5


def test_rounds_have_orders_of_their_own_the_same_in_every_run():
    (_, first), (_, second) = (run_measure(lambda *_: 5.0, names="abcdef") for _ in range(2))
    assert len({tuple(round) for round in first.rounds[1:]}) == 7
    assert first.rounds == second.rounds


def test_the_warm_up_round_does_not_count():
    measured, _ = run_measure(lambda name, number: 1e6 if number == 1 else 5.0)
    assert {m.us for m in measured.values()} == {5.0}


def test_one_disturbed_time_drops_nobody():
    measured, _ = run_measure(lambda name, number: 500.0 if (name, number) == ("b", 2) else 10.0)
    assert measured["b"] == Measurement(10.0, 7)


def test_medians():
    measured, _ = run_measure(lambda name, number: float(number), rounds=5, names="a")
    assert measured["a"] == Measurement(4.0, 5)  # of rounds 2 to 6


def test_shapes_are_legal_and_listed_once():
    shapes = dense_shapes()
    assert len(shapes) == len(set(shapes)) == 32 < len(read_layers("dense_shapes.csv"))
    assert all(n % 64 == 0 and k % 128 == 0 for n, k in shapes) and (2112, 7168) in shapes


def asked(kind, *options):
    return [size.asked(kind) for size in sizes_of(kind, *options)]


def test_sizes_of_grouped_kinds():
    assert len(moe_shapes()) == len(read_layers("moe_shapes.csv")) == 14
    contiguous, masked = KINDS["fp8_gemm_1d2d_contiguous"], KINDS["fp8_gemm_1d2d_masked"]
    assert asked(contiguous, [(4096, 7168)], [128, 256], [8]) == [(1024, 4096, 7168, 8), (2048, 4096, 7168, 8)]
    assert asked(masked, [(4096, 7168)], [1, 64], [8]) == [(1, 4096, 7168, 8), (64, 4096, 7168, 8)]
    assert {groups for *_, groups in asked(masked, None, [1], [8])} == {8}
    assert all(m % (128 * groups) == 0 for m, _, _, groups in asked(contiguous, None, None, None))


def test_rows_of_a_shared_matrix_fill_it():
    """A group starts at a multiple of 128 rows, so others are no size that a call can have."""
    assert asked(KINDS["bf16_gemm_contiguous"], [(4096, 7168)], [1, 64, 129], [2]) == [
        (256, 4096, 7168, 2),
        (512, 4096, 7168, 2),
    ]


def test_sizes_of_gradients():
    """Outputs by inputs, summed over tokens."""
    sizes = asked(KINDS["fp8_gemm_1d1d_fp32"], None, None, None)
    assert len(sizes) == len(set(sizes)) and (4096, 7168, 4096, 1) in sizes
    assert {n for _, n, _, _ in sizes} == {k for _, k in dense_shapes()}


def test_a_dense_kind_has_no_groups():
    assert asked(KINDS["bf16_gemm_tn"], [(512, 1024)], [64], [2, 4]) == [(64, 512, 1024, 1)]


def test_every_gemm_family_and_most_of_its_groupings_have_a_kind():
    """Kernels of K-grouped and batch-reduced problems take the rates of dense ones."""
    problems = {(spec.family, spec.grouping) for spec in gemm_specs()}
    without = {("bf16_gemm", "k_grouped"), ("bf16_gemm", "batch_reduced"), ("fp8_fp4_gemm", "k_grouped")}
    assert {kind.words[:2] for kind in TUNED_KINDS.values()} == problems - without


def test_every_kind_has_kernels():
    assert [name for name, kind in TUNED_KINDS.items() if not kernels_of(kind)] == []


@pytest.mark.parametrize(
    "parse, text", [(parse_sizes, "1,x"), (parse_sizes, "0"), (parse_shapes, "64"), (parse_shapes, "0x8")]
)
def test_sizes_that_make_no_sense(parse, text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"is {text}, allowed"):
        parse(text)


POINT = Point("fp8_gemm_1d2d", 2112, 7168, 64)


@pytest.mark.parametrize("name", TUNED_KINDS)
def test_drawn_problems_are_distinct_legal_and_drawn_again(name):
    kind = TUNED_KINDS[name]
    device = H100 if "sm_90a" in kind.form.family.archs else _core.named_device("b200")
    sizes = draw_sizes(kind, None, 24, 7, device)
    points = make_points(kind, sizes)
    assert len(points) == 24 and sizes == draw_sizes(kind, None, 24, 7, device) != draw_sizes(kind, None, 24, 8, device)
    for point in points:
        assert point.ranked(device)
        assert not point.counts or len(point.counts) == point.groups
    if kind.leaves_parts_of_d:
        assert len({len(set(point.counts)) for point in points}) > 1


def test_dense_points_lie_off_the_powers_of_2_and_at_both_sides_of_the_ends_of_tiles():
    rows = [(size.n, size.k, size.m) for size in draw_sizes(KIND, [(2112, 7168, 1)], 60, 7, H100)]
    assert sum(m & (m - 1) != 0 for *_, m in rows) > 30
    assert sum((n, k, m + 1) in rows for n, k, m in rows if m % 8 == 0) >= 3
    assert min(m for *_, m in rows) < 32 and max(m for *_, m in rows) > 2048


def test_half_of_the_points_are_those_with_the_closest_predictions():
    points = list(make_points(KIND, draw_sizes(KIND, None, 40, 7, H100)))
    at_random, unsure = ([closeness(point, H100) for point in part] for part in (points[:20], points[20:]))
    assert max(unsure) < np.median(at_random)


def test_a_dropped_candidate_never_wins():
    assert fastest({"a": Measurement(3, 9), "b": Measurement(2, 9), "c": Measurement(1, 2)}) == ["b", "a"]


@pytest.mark.parametrize("percent, expected", [(50, 3), (95, 5), (1, 1), (100, 5)])
def test_percentile(percent, expected):
    assert percentile([5, 3, 1, 2, 4], percent) == expected


class FakeArena:
    """Memory of no device; a problem is its size."""

    def __init__(self, kind, sizes):
        self.sizes = sizes

    def problem(self, size):
        assert size in self.sizes
        return size


def time_of(call, _):
    """Different winners at different M."""
    kernel, m, n, k = call
    return 10 + abs(SPECS[kernel]["block_m"] - m) + kernel / 100


@pytest.fixture
def gpu(monkeypatch):
    """A device that is not there, and its clock."""
    clock = FakeClock(time_of)
    clock.warm_up = lambda call: None
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 1)
    monkeypatch.setattr(_core, "cuda_device", lambda ordinal: H100)
    monkeypatch.setattr(tune, "GpuTimer", lambda: clock)
    monkeypatch.setattr(tune, "_arena", FakeArena)

    def name_to_the_clock(size, kernel=-1):
        return lambda: clock.running.append((kernel, size.m, size.n, size.k))

    monkeypatch.setattr(tune, "prepared", name_to_the_clock)
    return clock


def command(tmp_path, *more, shapes="2112x7168,512x7168", m="1,64,256"):
    return ["tune", "--results", str(tmp_path / "results.jsonl"), "--shapes", shapes, "--m", m, *more]


def test_a_run_writes_rates_that_codegen_reads(tmp_path, gpu, capsys):
    path = tmp_path / "rates" / "h100.txt"
    path.parent.mkdir()
    assert main(command(tmp_path, "--rates", str(path), "--json")) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["kernels with rates"] == len(NAMES) and report["held-out regret, worst"] >= 1
    (table,) = tile_rates.read_tables(all_specs(), path.parent)
    assert (table.device.num_sms, set(table.tiles)) == (132, set(NAMES))
    assert {rate.points for rate in table.tiles.values()} == {6}
    assert [kind.card for kind in table.kinds.values()] == ["h100"]


def test_every_kernel_is_measured(tmp_path, gpu):
    assert main(command(tmp_path)) == 0
    file = ResultsFile(tmp_path / "results.jsonl", KIND)
    assert all(set(measured) == set(NAMES) for measured in file.results.values())


def test_random_problems_are_the_default(tmp_path, gpu, capsys):
    options = ["tune", "--results", str(tmp_path / "results.jsonl"), "--points", "6", "--seed", "3", "--json"]
    assert main(options) == 0
    assert json.loads(capsys.readouterr().out)["points"] == 6
    drawn = set(make_points(KIND, draw_sizes(KIND, None, 6, 3, H100)))
    assert set(ResultsFile(tmp_path / "results.jsonl", KIND).results) == drawn


def test_a_finished_run_needs_no_gpu(tmp_path, gpu, monkeypatch, capsys):
    assert main(command(tmp_path)) == 0
    rounds = len(gpu.rounds)
    capsys.readouterr()
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)
    assert main(command(tmp_path, "--json")) == 0
    report = json.loads(capsys.readouterr().out)
    assert len(gpu.rounds) == rounds
    assert (report["points"], report["measured now"], len(report["verdicts"])) == (6, 0, 6)


def test_a_stopped_run_goes_on(tmp_path, gpu):
    assert main(command(tmp_path)) == 0
    path = tmp_path / "results.jsonl"
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    path.write_text("".join(lines[:4]) + lines[4][:20])
    gpu.rounds.clear()
    assert main(command(tmp_path)) == 0
    assert {call[1:] for calls in gpu.rounds for call in calls} == {(m, 512, 7168) for m in (1, 64, 256)}
    assert path.read_text() == whole


def test_regret_is_of_the_librarys_choice(tmp_path, gpu, capsys):
    assert main(command(tmp_path, "--json")) == 0
    for verdict in json.loads(capsys.readouterr().out)["verdicts"]:
        size = (verdict["m"], verdict["n"], verdict["k"])
        chosen = _core.select("fp8_gemm_1d2d", *size, 0, "h100", 1)[0]
        assert verdict["chosen"] == chosen["name"]
        assert verdict["chosen_us"] == pytest.approx(time_of((chosen["kernel"], *size), 0))


def test_without_a_gpu_it_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)
    assert main(command(tmp_path)) == 2
    assert "aotgemm: points are to be measured, but" in capsys.readouterr().err
    assert not (tmp_path / "results.jsonl").exists()


def test_cards_are_not_mixed(tmp_path, gpu, monkeypatch, capsys):
    assert main(command(tmp_path)) == 0
    monkeypatch.setattr(_core, "cuda_device", lambda ordinal: _core.named_device("h200"))
    assert main(command(tmp_path, m="1,2")) == 2
    assert "was measured on h100, this is h200" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{}\n", "[]\n", "not json\n", ""])
def test_a_file_of_something_else_is_left_alone(tmp_path, text):
    path = tmp_path / "other"
    path.write_text(text)
    with pytest.raises(RequestError, match="is not a file of measurements"):
        ResultsFile(path, KIND)
    assert path.read_text() == text


@pytest.mark.parametrize(
    "change", [lambda kernels: kernels.pop(NAMES[0]), lambda kernels: kernels.update({NAMES[0]: "0" * 64})]
)
def test_measurements_of_other_kernels_are_refused(tmp_path, change):
    path = tmp_path / "results.jsonl"
    kernels = kernel_hashes(KIND, H100)
    change(kernels)
    path.write_text(json.dumps({"device": H100, "kernels": kernels}) + "\n")
    with pytest.raises(RequestError, match="measured with other kernels"):
        ResultsFile(path, KIND)


def test_measurements_of_dropped_kernels_are_left_out(tmp_path):
    path = tmp_path / "results.jsonl"
    header = {"device": H100, "date": "2026-01-02", "kernels": kernel_hashes(KIND, H100) | {"dropped": "0" * 64}}
    point = {"point": asdict(POINT), "us": {"dropped": [1.0, 9], NAMES[2]: [2.0, 9]}}
    path.write_text(json.dumps(header) + "\n" + json.dumps(point) + "\n")
    assert ResultsFile(path, KIND).results == {POINT: {NAMES[2]: Measurement(2.0, 9)}}


def test_sizes_of_groups_are_read_back(tmp_path):
    path = tmp_path / "results.jsonl"
    kind = KINDS["fp8_gemm_1d2d_masked"]
    (name, *_) = kernel_hashes(kind, H100)
    point = Point("fp8_gemm_1d2d", 2112, 7168, 3, "masked", groups=2, counts=(1, 5))
    file = ResultsFile(path, kind)
    file.open_for(H100)
    file.add(point, {name: Measurement(2.0, 9)})
    assert ResultsFile(path, kind).results == {point: {name: Measurement(2.0, 9)}}


SOURCE = Source(H100, "2026-01-02")


def some_rates(kind, us):
    names = tuple(spec["name"] for spec in kernels_on(kind, H100))
    count = len(names)
    return Rates(
        names, np.full((3, count), us), np.array([3e6, 0.2, 0.25, 1.0]), np.full(count, 4), np.full(count, 0.1)
    )


def test_rates_of_other_kinds_stay(tmp_path):
    path, other = tmp_path / "h100.txt", KINDS["bf16_gemm"]
    assert write_rates(path, KIND, some_rates(KIND, 1.0), SOURCE) == len(NAMES)
    write_rates(path, other, some_rates(other, 2.0), SOURCE)
    write_rates(path, KIND, some_rates(KIND, 3.0), SOURCE)
    (table,) = tile_rates.read_tables(all_specs(), tmp_path)
    assert {table.tiles[name].k_block_us for name in NAMES} == {3.0}
    assert {rate.k_block_us for name, rate in table.tiles.items() if name not in NAMES} == {2.0}
    assert set(table.kinds) == {KIND.words, other.words}
    before = path.read_text()
    write_rates(path, other, some_rates(other, 2.0), SOURCE)
    assert path.read_text() == before


def test_a_kernel_without_a_measurement_gets_no_line(tmp_path):
    rates = some_rates(KIND, 1.0)
    rates.points[0] = 0
    assert write_rates(tmp_path / "h100.txt", KIND, rates, SOURCE) == len(NAMES) - 1
    (table,) = tile_rates.read_tables(all_specs(), tmp_path)
    assert set(table.tiles) == set(NAMES[1:])


def test_rates_of_another_device_class_are_refused(tmp_path):
    path = tmp_path / "rates.txt"
    write_rates(path, KIND, some_rates(KIND, 1.0), SOURCE)
    before = path.read_text()
    with pytest.raises(RequestError, match="is not for 'device 9.0 132 4916 1980'"):
        write_rates(path, KIND, some_rates(KIND, 1.0), Source(_core.named_device("h200"), "2026-01-02"))
    assert path.read_text() == before


def test_the_columns_are_those_that_codegen_reads():
    assert KIND_COLUMNS == tile_rates.columns(tile_rates.KindRates)
    assert TILE_COLUMNS == tile_rates.columns(tile_rates.TileRate)


def test_named_devices_of_other_memory_are_other_classes(tmp_path):
    hopper = [_core.named_device(name) for name in _core.named_devices()]
    lines = {device["name"]: device_line(device) for device in hopper if device["cc_major"] == 9}
    assert lines["h100"] == lines["h800"]
    for index, line in enumerate(sorted(set(lines.values()))):
        (tmp_path / f"{index}.txt").write_text(line + "\n")
    assert len(tile_rates.read_tables(all_specs(), tmp_path)) == len(set(lines.values())) == len(lines) - 1
