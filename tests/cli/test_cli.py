"""The commands, through main() and as a process. They run on the CPU: no CUDA device is visible to them here."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import aotgemm
import cli_schemas
import jsonschema
import pytest
from aotgemm import _core
from aotgemm.cli import main
from aotgemm.plan.plan_file import plan_schema

SHAPE = ["--m", "64", "--n", "2112", "--k", "7168"]
JSON_COMMANDS = {
    "list": (["list"], cli_schemas.LIST),
    "explain": (["explain", *SHAPE, "--device", "h100"], cli_schemas.EXPLAIN),
    "demo": (["demo", "--device", "cpu", "--m", "8", "--n", "64", "--k", "256"], cli_schemas.DEMO),
    "doctor": (["doctor"], cli_schemas.DOCTOR),
    "selftest": (["selftest"], cli_schemas.SELFTEST),
    "plan": (["plan", "--model", "llama-8b", "--max-tokens", "16"], plan_schema()),
    "sass": (["sass", "sm90_transpose_sf_fp32"], cli_schemas.SASS),
    "bench": (["bench", "host", "--peers", "none"], cli_schemas.BENCH_HOST),
}
COMMANDS = pytest.mark.parametrize("command", JSON_COMMANDS)


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)


def run_json(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


@COMMANDS
def test_json_is_as_documented(command, capsys):
    arguments, schema = JSON_COMMANDS[command]
    jsonschema.validate(run_json(capsys, *arguments), schema)


@COMMANDS
def test_tables_are_printed_without_a_terminal(command, capsys):
    assert main(JSON_COMMANDS[command][0]) == 0
    assert capsys.readouterr().out.strip()


@COMMANDS
def test_help_teaches_with_examples(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "--json" in text and "examples:" in text and f"aotgemm {command}" in text


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert [command for command in JSON_COMMANDS if command not in text] == []


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"aotgemm {aotgemm.__version__}\n"


def test_list_shows_every_kernel_and_its_hash(capsys):
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    cubins = _core.cubins()
    assert [cubin["name"] for cubin in cubins if cubin["name"] not in text] == []
    assert [cubin["name"] for cubin in cubins if cubin["sha256"][:12] not in text] == []


def test_list_filters_by_name(capsys):
    found = run_json(capsys, "list", "--kernel", "*swap*")
    assert found["gemm"] == [spec for spec in _core.specs() if "swap" in spec["name"]] != []
    assert found["conversion"] == []


def test_explain_answers_as_the_selection_does(capsys):
    answer = run_json(capsys, "explain", *SHAPE, "--device", "h200", "--num-sms", "78")
    choices = _core.select("fp8_gemm_1d2d", 64, 2112, 7168, 78, "h200", 4)
    assert answer["choice"]["name"] == choices[0]["name"]
    assert [choice["name"] for choice in answer["next"]] == [choice["name"] for choice in choices[1:]]
    assert answer["problem"]["num_sms"] == 78
    assert answer["choice"]["spec"] == _core.specs()[choices[0]["kernel"]]


def test_explain_knows_every_kind_of_call(capsys):
    fields = ("family", "grouping", "layout", "out_dtype")
    devices = {"sm_90a": "h100", "sm_100a": "b200"}
    for arch, *kind in {(spec["arch"], *(spec[field] for field in fields)) for spec in _core.specs()}:
        words = [f"--{field.replace('_', '-')}={value}" for field, value in zip(fields, kind, strict=True)]
        answer = run_json(capsys, "explain", *words, "--groups", "4", *SHAPE, "--device", devices[arch])
        assert [answer["choice"]["spec"][field] for field in ("arch", *fields)] == [arch, *kind]
        assert ("not measured" in answer["times"]) == (arch == "sm_100a")
        assert answer["problem"]["groups"] == 4


def test_explain_without_a_gpu_answers_for_an_h100(capsys):
    assert run_json(capsys, "explain", *SHAPE)["device"] == _core.named_device("h100")


def test_explain_says_why(capsys):
    assert main(["explain", *SHAPE]) == 0
    text = capsys.readouterr().out
    best = _core.select("fp8_gemm_1d2d", 64, 2112, 7168, 0, "h100", 1)[0]
    assert best["name"] in text and " ".join(best["reason"].split()) in " ".join(text.split())


def test_demo_is_close_to_fp64_and_equal_to_the_definition(capsys):
    report = run_json(capsys, "demo", "--device", "cpu", "--m", "40", "--n", "136", "--k", "784")
    assert 0 < report["error_of_arithmetic"] < 4e-3 < report["error_of_fp8"] < 6e-2
    assert (report["outputs_checked"], report["outputs_differing"]) == (256, 0)
    assert report["device"] == "CPU" and report["time_us"] > 0


def test_doctor_without_a_gpu_says_why_there_is_none(capsys, monkeypatch):
    monkeypatch.setattr(_core, "cuda_unavailable_reason", lambda: "the moon is full")
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "the CPU backend works; no CUDA device: the moon is full" in text


def test_doctor_fails_if_a_device_does(capsys, monkeypatch):
    def refuse(ordinal):
        raise aotgemm.DeviceError(f"device {ordinal} is too old")

    monkeypatch.setattr(_core, "cuda_device_count", lambda: 1)
    monkeypatch.setattr(_core, "cuda_device", refuse)
    assert main(["doctor", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["devices"] == [{"ordinal": 0, "name": "unknown", "problem": "device 0 is too old"}]
    assert report["works"] == {"cpu": True, "cuda": []}


@pytest.mark.parametrize(
    "arguments, fragments",
    [
        (["explain", *SHAPE, "--device", "h1000"], ["device: 'h1000'", "h100"]),
        (["explain", *SHAPE, "--device", "b200", "--family", "fp8_gemm_1d1d"], ["fp8_gemm_1d1d", "10.0"]),
        (["demo", "--device", "cpu", "--n", "60", "--m", "1", "--k", "16"], ["b: N is 60", "multiple of 8"]),
        (["demo", "--device", "cpu", "--n", "64", "--m", "1", "--k", "20"], ["a: K is 20", "multiple of 16"]),
        (["selftest", "--kernel", "*swap*"], ["--kernel: is *swap*", "no CUDA device"]),
    ],
    ids=["device", "no kernels", "N", "K", "selftest"],
)
def test_a_request_that_cannot_be_met_is_one_line(arguments, fragments, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("aotgemm: ") and captured.err.count("\n") == 1
    assert [fragment for fragment in fragments if fragment not in captured.err] == []


@pytest.mark.parametrize(
    "arguments, fragment",
    [
        (["explain", "--m", "0", "--n", "8", "--k", "16"], "--m: is 0, allowed is a positive number"),
        (["explain", "--m", "x", "--n", "8", "--k", "16"], "--m: is x, allowed is a positive number"),
        (["explain", "--m", "1"], "--n, --k"),
        (["selftest", "--quick", "--small"], "--small: not allowed with argument --quick"),
        (["frobnicate"], "frobnicate"),
    ],
    ids=str,
)
def test_arguments_that_make_no_sense(arguments, fragment, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert fragment in capsys.readouterr().err


def run_process(*arguments):
    """As a process in which no CUDA device is visible."""
    paths = {"PYTHONPATH": str(Path(aotgemm.__file__).parents[1]), "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "aotgemm", *arguments]
    return subprocess.run(command, env=os.environ | paths, capture_output=True, text=True)


def test_the_process_prints_json_and_nothing_else():
    done = run_process("explain", *SHAPE, "--device", "h100", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    jsonschema.validate(json.loads(done.stdout), cli_schemas.EXPLAIN)


def test_the_process_fails_without_a_traceback():
    done = run_process("demo", "--device", "cuda")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("aotgemm: ") and done.stderr.count("\n") == 1
    assert "CUDA device" in done.stderr


def test_doctor_in_one_line(capsys):
    assert main(["doctor", "--line"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    mark, *words = line.split(" ")
    found = dict(word.split("=", 1) for word in words)
    assert mark == "aotgemm" and found["version"] == aotgemm.__version__ and found["cpu"] == "works"
    assert list(found) == ["version", "library", "kernels", "cpu", "devices", "driver", "plan", "torch"]
    library = Path(aotgemm.__file__).with_name("libaotgemm.so").read_bytes()
    assert found["library"] == hashlib.sha256(library).hexdigest() and found["plan"] == "off"
