"""Damaged plans, configurations, traces, tables, results and wheels: taken, or refused with one sentence."""

import csv
import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import aotgemm
import pytest
from aotgemm import _core
from aotgemm.audit.sources import model_config
from aotgemm.audit.unpack import unpack
from aotgemm.bounded_files import DAMAGED
from aotgemm.cli import main
from aotgemm.plan.document import sealed
from aotgemm.problems.backends import CpuBackend
from aotgemm.selftest.evidence.run import begin_report
from file_mutations import changed_bytes, changed_json, damaged_json
from plans import small_plan, write_plan
from rich.progress import Progress

MODELS = ("deepseek-v3", "deepseek-v3.2", "llama-8b", "qwen3-235b")
SCHEMES = (
    {"quant_method": "fp8", "weight_block_size": [128, 128], "modules_to_not_convert": ["lm_head", "o_proj"]},
    {
        "quant_method": "compressed-tensors",
        "ignore": ["lm_head", "re:.*self_attn.*"],
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "float"}}},
    },
    {"quant_method": "modelopt", "quantization": {"quant_algo": "FP8_PB_WO", "exclude_modules": ["lm_head"]}},
)
CALL = {"family": "bf16_gemm", "grouping": "dense", "layout": "nt", "out_dtype": "bf16", "groups": 1, "m": 64, "n": 64}
CALL |= {"k": 128, "kernel": "", "planned": False, "count": 1, "num_sms": 132}
TRACE = {
    "format": "aotgemm trace 1",
    "calls": [CALL, CALL | {"family": "fp8_gemm_1d2d", "grouping": "masked", "groups": 4}],
}
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
FEW = ["--device", "h100", "--max-tokens", "4"]


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)


@pytest.fixture
def ends_well(capsys):
    """Runs a command line: a status of the CLI's, and a sentence of its own where that is 2. Returns the status."""

    def run(*words):
        try:
            status = main(list(map(str, words)))
        except SystemExit as end:
            status = end.code
        out = capsys.readouterr()
        assert status in (0, 1, 2, 3), (status, words)
        said = out.out if "--json" in words else out.err
        assert status != 2 or (said.strip() and "Traceback" not in said), (words, out)
        return status

    return run


def damaged_plan(rng, plan):
    """Half of them with a seal of their own, where one can be made, so that what is behind it is looked at too."""
    if rng.integers(2):
        return damaged_json(rng, plan)
    changed = changed_json(rng, plan)
    try:
        return json.dumps(sealed(changed)).encode()
    except (AttributeError, LookupError, TypeError, ValueError):
        return json.dumps(changed).encode()


def test_plans(tmp_path, rounds, ends_well):
    plan = small_plan(num_sms=(78, 132))
    whole = write_plan(tmp_path, plan)
    path, loaded = tmp_path / "damaged.json", 0
    for rng in rounds(300):
        path.write_bytes(damaged_plan(rng, plan))
        try:
            aotgemm.load_plan(path, str(rng.choice(["strict", "record"])))
            loaded += 1
        except aotgemm.PlanError:
            pass
        finally:
            aotgemm.unload_plan()
        if rng.random() < 0.1:
            ends_well("verify", path)
            ends_well("diff", whole, path)
            ends_well("report", path, "-o", tmp_path / "report.html")
    print(loaded, "of them loaded")


def test_configs(tmp_path, rounds, ends_well):
    path = tmp_path / "config.json"
    for rng in rounds(120):
        config = dict(model_config(str(rng.choice(MODELS))))
        if rng.integers(2):
            config["quantization_config"] = SCHEMES[rng.integers(len(SCHEMES))]
        path.write_bytes(damaged_json(rng, config))
        ranks = [str(rng.choice([1, 2, 3, 8])) for _ in range(2)]
        ends_well("plan", "--config", path, "--tp", ranks[0], "--ep", ranks[1], *FEW, "-o", tmp_path / "plan.json")


def test_traces(tmp_path, rounds, ends_well):
    path, out = tmp_path / "trace.json", tmp_path / "plan.json"
    for rng in rounds(150):
        path.write_bytes(damaged_json(rng, TRACE))
        if ends_well("plan", "--trace", path, "--device", "h100", "-o", out) in (0, 3):
            aotgemm.load_plan(out, "record")
            aotgemm.unload_plan()


def table_of(rng):
    """A table of shapes as text, with some cells changed."""
    columns = [
        str(x) for x in rng.permutation(["n", "k", "name", "family", "m", "groups", "num_sms", "layout", "grouping"])
    ]
    cells = {"n": "512", "k": "256", "family": "fp8_gemm_1d2d", "m": "64", "groups": "1", "layout": "nt", "name": "x"}
    rows = [[cells.get(column, "") for column in columns] for _ in range(3)]
    odd = [
        "",
        "-1",
        "0",
        "7",
        "1e3",
        "2147483648",
        "9" * 30,
        "9" * 5000,
        "é",
        "x" * 300,
        "=1+1",
        " 512 ",
        "nn",
        "\0",
        "0x10",
    ]
    for _ in range(int(rng.integers(1, 3))):
        rows[rng.integers(3)][rng.integers(len(columns))] = odd[rng.integers(len(odd))]
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue()


def test_tables(tmp_path, rounds, ends_well):
    path, out = tmp_path / "shapes.csv", tmp_path / "plan.json"
    for rng in rounds(150):
        data = table_of(rng).encode(str(rng.choice(["utf-8", "utf-8-sig", "utf-16"])))
        path.write_bytes(changed_bytes(rng, data) if rng.random() < 0.3 else data)
        if ends_well("plan", "--shapes", path, *FEW, "-o", out) in (0, 3):
            aotgemm.load_plan(out, "record")
            aotgemm.unload_plan()


def test_results_of_a_benchmark(tmp_path, rounds, ends_well):
    row = {"m": 64, "n": 512, "k": 1024, "kernel": "", "us": {"aotgemm": 10.0, "deep_gemm": 11.0}}
    peers = {"deep_gemm": {"what": "DeepGEMM", "version": "2", "refused": {}}}
    gemm = {
        "limits": {"gbps": 3352, "tflops": {"fp8": 1979}},
        "rows": [row, row | {"m": 128}],
        "peers": peers,
        "absent": {},
    }
    host = {"shape": [64, 576, 7168], "us": {"a call": 7.1}}
    run = {"card": "H100", "date": "2026-11-28", "version": "0.1.0", "suites": ["dense"], "gemm": gemm, "host": host}
    path = tmp_path / "run.json"
    path.write_text(json.dumps(run))
    assert ends_well("bench", "--load", path) == 0
    for rng in rounds(150):
        path.write_bytes(damaged_json(rng, run))
        ends_well("bench", "--load", path, *[["--json"], ["--markdown"], []][rng.integers(3)])


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A report of a self-test, the CPU backend in the place of a GPU: an assumption of each family, a case of each."""
    path = tmp_path_factory.mktemp("report") / "report.json"
    begin_report(path, CpuBackend(), [], 3, True, Progress(disable=True))
    report = json.loads(path.read_text())
    first = {one["cases"][0]["family"]: one for one in reversed(report["assumptions"])}
    report["assumptions"] = [one | {"cases": one["cases"][:1]} for one in first.values()]
    report["digests"]["kernels"] = [{"kernel": "x", "kind": "bf16_gemm_batch_reduced", "sha256": "00"}]
    report["times"] = [{"kind": "x", "m": 1, "n": 8, "k": 16, "kernel": "x", "us": 9.0, "predicted_us": 6.0}]
    return report


def test_reports_of_a_self_test(tmp_path, rounds, ends_well, recorded):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(recorded))
    assert ends_well("replay", path) == 1  # the digest is none
    for rng in rounds(20):
        path.write_bytes(damaged_json(rng, recorded))
        ends_well("replay", path, *[["--json"], []][rng.integers(2)])


@pytest.fixture(scope="module")
def library():
    return Path(aotgemm.__file__).with_name("libaotgemm.so").read_bytes()


def wheel_of(rng, library):
    """Wheels are deflated; zip files may be packed in other ways."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", int(rng.choice(PACKINGS)), compresslevel=1) as wheel:
        wheel.writestr("aotgemm/libaotgemm.so", library)
    return data.getvalue()


def test_wheels_and_libraries(tmp_path, rounds, ends_well, library):
    plan = write_plan(tmp_path, small_plan())
    for rng in rounds(20):
        path = tmp_path / ("damaged.whl" if rng.integers(2) else "damaged.so")
        part = changed_bytes(rng, library[:4096]) + library[4096:] if rng.integers(2) else changed_bytes(rng, library)
        data = wheel_of(rng, part) if path.suffix == ".whl" else part
        if path.suffix == ".whl" and rng.integers(2):
            data = changed_bytes(rng, data[:512]) + data[512:-512] + changed_bytes(rng, data[-512:])
            data = changed_bytes(rng, data) if rng.integers(2) else data
        path.write_bytes(data)
        ends_well("verify", plan, "--library", path)


@pytest.fixture(scope="module")
def distributions():
    """The same three files as each form of tar has them."""
    found = []
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w", format=form) as archive:
            for name in ("x-1/a", "x-1/b/" + "c" * 200, "x-1/é"):
                entry = tarfile.TarInfo(name[:100] if form == tarfile.USTAR_FORMAT else name)
                entry.size = 600
                archive.addfile(entry, io.BytesIO(bytes(range(200)) * 3))
        found.append(data.getvalue())
    return found


def test_source_distributions(tmp_path, rounds, distributions):
    path, home, unpacked = tmp_path / "x-1.tar.gz", tmp_path / "home", 0
    for rng in rounds(150):
        data = changed_bytes(rng, distributions[rng.integers(len(distributions))])
        path.write_bytes(gzip.compress(data, 1) if rng.integers(4) else changed_bytes(rng, gzip.compress(data, 1)))
        try:
            unpack(path, home / "within")
            unpacked += 1
        except DAMAGED:
            pass
        assert {one.name for one in tmp_path.iterdir()} <= {path.name, home.name}
        assert not home.exists() or {one.name for one in home.iterdir()} <= {"within"}
    assert unpacked
