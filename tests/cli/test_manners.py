"""How commands behave beside their answers: names in any case, tables of 100 columns, pipes, errors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import aotgemm
import numpy as np
import pytest
from aotgemm import _core
from aotgemm.audit.names import CUT, nearest, shortened
from aotgemm.cli import main
from aotgemm.plan.document import canonical_text
from plans import small_plan


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)


@pytest.mark.parametrize(
    "line",
    [
        "explain --device H100 --family BF16_GEMM --m 1 --n 8 --k 16",
        "list --kernel *TRANSPOSE*",
        "sass SM90_TRANSPOSE_SF_FP32",
        "demo --device CPU --m 1 --n 8 --k 16",
        "plan --model Llama-8B --device H100 --max-tokens 1",
    ],
)
def test_names_are_known_in_any_case(line, capsys):
    assert main(line.split()) == 0
    upper = capsys.readouterr().out
    assert main([word.lower() for word in line.split()]) == 0
    assert "time" in upper or capsys.readouterr().out == upper  # demo says what it took


def test_a_pattern_that_no_kernel_has_is_refused(capsys):
    assert main(["list", "--kernel", "*transpose_fs*"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("aotgemm: --kernel: is '*transpose_fs*', which no kernel's name matches; nearest are sm")
    assert main(["list", "--kernel", "zzz", "--json"]) == 2
    message = json.loads(capsys.readouterr().out)["error"]["message"]
    assert message == "--kernel: is 'zzz', which no kernel's name matches; `aotgemm list` shows all"


def test_list_shows_only_tables_with_rows(capsys):
    assert main(["list", "--kernel", "*transpose*"]) == 0
    assert "GEMM kernels" not in capsys.readouterr().out


def test_list_shows_the_kernels_of_one_architecture(capsys):
    for arch in ("sm_90a", "sm_100a"):
        assert main(["list", "--arch", arch.upper(), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        wanted = {cubin["name"] for cubin in _core.cubins() if cubin["arch"] == arch}
        assert {kernel["name"] for kind in found.values() for kernel in kind} == wanted != set()
    assert main(["list", "--arch", "sm_100a", "--kernel", "sm90_*"]) == 2


def test_nearest_names():
    assert nearest("ABCDEX", ["abcdef", "zzz"]) == "nearest are abcdef"
    assert nearest("q", ["abcdef"]) == "`aotgemm list` shows all"


@pytest.mark.parametrize(
    ("names", "shared", "shown"),
    [
        (["a_b_c_1", "a_b_d_1"], "a_b_", ["...c_1", "...d_1"]),
        (["a_b_cc", "a_b_cd"], "a_b_", ["...cc", "...cd"]),
        (["a_b", "a_b_c"], "a_", ["...b", "...b_c"]),
        (["ab", "ac"], "", ["ab", "ac"]),
        (["a_b"], "", ["a_b"]),
        ([], "", []),
    ],
)
def test_names_are_cut_where_they_agree(names, shared, shown):
    found, cut = shortened([*names, *names])
    assert found == shared and [cut[name] for name in names] == shown
    assert [shared + text.removeprefix(CUT) for text in shown] == names


def test_diff_is_readable_at_100_columns(tmp_path, monkeypatch, capsys):
    """No line is longer, nothing is cut off, and every name that changes can be read."""
    shapes = ((2112, 7168), (7168, 2048))
    for device in ("h100", "h200"):
        (tmp_path / device).write_text(canonical_text(small_plan(2000, shapes, device=device)))
    monkeypatch.setenv("COLUMNS", "100")
    request = ["diff", str(tmp_path / "h100"), str(tmp_path / "h200")]
    assert main([*request, "--json"]) == 1
    changed = json.loads(capsys.readouterr().out)["calls"]["changed"]
    assert main(request) == 1
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 100 and "\u2026" not in text and "{" not in text
    assert len(changed) == 2
    for call in changed:
        names = {name for change in call["changes"] for name in (change["old"], change["new"])}
        shared, cut = shortened(names)
        assert shared.startswith("sm90_fp8_gemm_1d2d_dense_nt_bf16_") and f"kernels {shared}..." in text
        assert all(f" {name} " in text for name in cut.values())
        assert f"{call['layers'][0]}: {call['n']}x{call['k']}, fp8_gemm_1d2d dense nt, bf16 out, 132 SMs" in text
    assert "device name" in text and "h100 -> h200" in text


def process(*arguments, **options):
    environment = os.environ | {"PYTHONPATH": str(Path(aotgemm.__file__).parents[1]), "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "aotgemm", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"]], ids=str)
def test_a_reader_that_stops_ends_the_command_quietly(arguments):
    running = process(*arguments)
    assert running.stdout.read(1)
    running.stdout.close()
    assert (running.wait(60), running.stderr.read()) == (141, b"")


@pytest.mark.parametrize("line", ["demo --seed -1", "selftest --seed -1", "demo --seed x", "demo --m 0"])
def test_numbers_that_make_no_sense_end_with_2(line, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(line.split())
    assert stopped.value.code == 2 and "allowed is a positive number" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_ends_with_2(tmp_path, capsys):
    run = tmp_path / "run.json"
    run.write_text(json.dumps({"card": "x", "date": "2026-01-01", "version": "0", "suites": []}))
    assert main(["bench", "--load", str(run), "--out", str(tmp_path / "no" / "x.json")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("aotgemm: ") and "x.json" in error and error.count("\n") == 1


def test_explain_in_python_answers_as_the_command_does(capsys):
    words = {"family": "bf16_gemm", "grouping": "masked", "groups": 4, "num_sms": 78, "device": "H200"}
    line = [f"--{name.replace('_', '-')}={value}" for name, value in words.items()]
    assert main(["explain", "--m=64", "--n=2112", "--k=7168", "--json", *line]) == 0
    answer = aotgemm.explain(64, 2112, 7168, **words)
    assert json.loads(capsys.readouterr().out) == answer
    assert answer["problem"] == {
        "family": "bf16_gemm", "grouping": "masked", "layout": "nt", "out_dtype": "bf16",
        "groups": 4, "m": 64, "n": 2112, "k": 7168, "num_sms": 78,
    }  # fmt: skip
    best = _core.select("bf16_gemm", 64, 2112, 7168, 78, "h200", 4, "masked", "nt", "bf16", 4)
    assert [answer["choice"]["name"], *(other["name"] for other in answer["next"])] == [one["name"] for one in best]


def test_explain_takes_numbers_of_numpy():
    assert aotgemm.explain(np.int64(64), np.int32(2112), 7168)["problem"]["m"] == 64


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"m": 0}, aotgemm.ShapeError, "m: is 0, allowed is a whole number from 1 to 2147483135"),
        ({"n": 2**70}, aotgemm.ShapeError, "n: is 1180591620717411303424, allowed is at most 2147483135"),
        ({"k": 1.5}, aotgemm.ShapeError, "k: is 1.5, allowed"),
        ({"groups": "4"}, aotgemm.ShapeError, "groups: is 4, allowed"),
        ({"num_sms": -1}, aotgemm.ShapeError, "num_sms: is -1, allowed is a whole number from 0"),
        ({"n": 9}, aotgemm.ShapeError, "n: is 9, must be a positive multiple of 8"),
        ({"device": "abacus"}, aotgemm.DeviceError, "device: 'abacus'"),
        ({"family": "no_such"}, aotgemm.KernelMissingError, "no no_such kernel"),
    ],
)  # fmt: skip
def test_explain_refuses_what_the_command_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        aotgemm.explain(**({"m": 1, "n": 8, "k": 16} | arguments))


@pytest.mark.parametrize(
    "options", ["DENSE --m GRID", "Operations", "--kind BF16_GEMM_TN --groups ZIPF", "--operation FP8_MQA_LOGITS"]
)
def test_names_of_a_benchmark_are_known_in_any_case(options, capsys):
    """All that is missing is a GPU."""
    assert main(["bench", *options.split(), "--peers", "NONE"]) == 2
    assert "a CUDA device is needed" in capsys.readouterr().err


NAMES = ("[/b]", "[red]x[/red]", ":smile:", "[link=x]", "\x1b[31mred", "a\tb", "\u202eabc", "e\u0301", "\u00e9")


@pytest.fixture
def files_of_names(tmp_path, monkeypatch):
    """A table of shapes, a plan and a run of a benchmark that hold such names."""
    monkeypatch.chdir(tmp_path)
    Path("shapes.csv").write_text("name,n,k\n" + "".join(f"{name},{64 * i + 64},512\n" for i, name in enumerate(NAMES)))
    Path("plan.json").write_text(canonical_text(small_plan(4, ((8, 16),))))
    run = {"card": NAMES[0], "date": NAMES[1], "version": "1", "suites": ["host"]}
    run["host"] = {"shape": [1, 2, 3], "us": dict.fromkeys(NAMES, 1.5)}
    Path("run.json").write_text(json.dumps(run))


def test_names_of_users_are_shown_as_they_are(files_of_names, capsys):
    """Neither this library's tables nor the terminal obey them."""
    for line in (
        "plan --shapes shapes.csv --device h100 --max-tokens 4 -o named.json",
        "verify named.json",
        "diff plan.json named.json",
        "report named.json -o report.html",
        "bench --load run.json",
    ):
        assert main(line.split()) in (0, 1), line
        shown = capsys.readouterr().out
        assert not set(shown) & {"\x1b", "\u202e", "\U0001f604"}
        assert line.startswith(("verify", "report")) or all(name in shown for name in NAMES[:4]), line
    assert "\\x1b[31mred" in shown and "\u00e9" in shown


def test_an_encoding_without_a_character_gets_it_escaped(files_of_names):
    command = [sys.executable, "-m", "aotgemm", "bench", "--load", "run.json"]
    done = subprocess.run(command, env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True)
    assert done.returncode == 0 and b"\\xe9" in done.stdout and done.stderr == b""


@pytest.mark.parametrize(
    "line",
    [
        "plan --config half.json",
        "plan --trace half.json",
        "verify half.json",
        "report half.json -o x",
        "bench --load half.json",
    ],
)
def test_half_a_pair_of_surrogates_is_no_text(line, tmp_path, monkeypatch, capsys):
    """JSON can state it, and no file could hold it again."""
    monkeypatch.chdir(tmp_path)
    Path("half.json").write_text(json.dumps({"format": "aotgemm trace 1", "calls": ["\ud800"]}))
    assert main(line.split()) == 2
    assert "a text holds '\\ud800', half of a pair" in capsys.readouterr().err


def shell(line):
    return subprocess.run(["bash", "-c", line.replace("aotgemm", f"{sys.executable} -m aotgemm")], capture_output=True)


@pytest.mark.parametrize("line", ["aotgemm list >&-", "aotgemm list 2>&- >&-", "aotgemm demo --device cpu >&-"])
def test_streams_that_are_closed_swallow_all(line):
    done = shell(line)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("line", ["aotgemm", "aotgemm list", "aotgemm list --json"])
def test_a_full_disk_is_told(line):
    done = shell(f"{line} > /dev/full")
    assert done.returncode == 2 and b"No space left" in done.stderr and b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "plan --config /dev/zero",
        "plan --trace /dev/zero",
        "plan --shapes /dev/zero",
        "verify /dev/zero",
        "bench --load /dev/zero",
        "verify PLAN --library /dev/zero",
        "replay /dev/zero",
    ],
)
def test_files_without_an_end_are_not_read_to_it(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("PLAN").write_text(canonical_text(small_plan(4, ((8, 16),))))
    assert main(line.split()) == 2
    assert "it has more than" in capsys.readouterr().err


def test_a_run_that_cannot_be_saved_is_shown(files_of_names, capsys):
    assert main(["bench", "--load", "run.json", "--out", "/dev/full"]) == 2
    shown = capsys.readouterr()
    assert "CPU time per call" in shown.out and "No space left" in shown.err


@pytest.mark.parametrize("out", ["nowhere/run.json", "."])
def test_where_a_run_is_saved_is_looked_at_before_it_is_measured(out, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "dense", "--out", out]) == 2
    assert capsys.readouterr().err.startswith("aotgemm: --out: is ")
