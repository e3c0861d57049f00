"""`aotgemm plan` and `aotgemm verify`: exit statuses, names, and what goes where."""

import json
import re

import pytest
from aotgemm import _core
from aotgemm.audit.sources import model_config
from aotgemm.cli import main

LLAMA = {key: value for key, value in model_config("llama-8b").items() if key != "quantization_config"}
PER_TENSOR = {"quant_method": "fp8", "activation_scheme": "static"}
FEW = ["--max-tokens", "8"]


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(_core, "cuda_device_count", lambda: 0)


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA | {"quantization_config": PER_TENSOR}))
    return str(path)


def test_a_plan_without_a_kernel_for_every_call_ends_with_3(config_file, tmp_path, capsys):
    plan = str(tmp_path / "plan.json")
    assert main(["plan", "--config", config_file, *FEW, "-o", plan]) == 3
    captured = capsys.readouterr()
    assert "aotgemm: without a kernel: 4 of 5 calls; --allow-missing accepts that" in captured.err
    assert captured.err.count("quantization_config: quant_method is 'fp8' without weight_block_size") == 1
    assert {call["family"] for call in json.loads((tmp_path / "plan.json").read_text())["calls"]} == {
        "fp8_per_tensor", "bf16_gemm",
    }  # fmt: skip
    assert main(["plan", "--config", config_file, *FEW, "-o", plan, "--allow-missing"]) == 0
    assert "without a kernel" not in capsys.readouterr().err


@pytest.mark.parametrize("model", ["deepseek-v3", "deepseek-v3.2", "deepseek-v4-flash"])
def test_a_b200_has_kernels_for_every_call(model, capsys):
    assert main(["plan", "--model", model, "--device", "b200", *FEW]) == 0
    assert [call for call in json.loads(capsys.readouterr().out)["calls"] if call["missing"]] == []


def test_a_table_tells_the_numbers_of_sms_apart(tmp_path, capsys):
    (tmp_path / "shapes.csv").write_text("name,n,k\nx,512,256\n")
    line = ["plan", "--shapes", str(tmp_path / "shapes.csv"), "--num-sms", "132,78", *FEW]
    assert main([*line, "-o", str(tmp_path / "plan.json")]) == 0
    head, *rows = filter(None, map(str.split, capsys.readouterr().out.splitlines()))
    assert [row[head.index("SMs")] for row in rows if row[0] == "x"] == ["78", "132"]


@pytest.mark.parametrize("columns", ["80", "100"])
def test_numbers_are_whole_in_a_narrow_terminal(columns, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["plan", "--model", "deepseek-v3", *FEW, "-o", str(tmp_path / "plan.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    calls = json.loads((tmp_path / "plan.json").read_text())["calls"]
    numbers = [re.findall(r" (\d+)(?= )", line)[-6:-2] for line in lines]
    assert [row for row in numbers if len(row) == 4] == [
        [str(call[field]) for field in ("groups", "n", "k", "num_sms")] for call in calls
    ]
    words = " ".join(lines).split()
    assert all({call["family"], call["layers"][0]} <= {*words} for call in calls)


def test_verify_of_such_a_plan_ends_with_3(config_file, tmp_path, capsys):
    plan = str(tmp_path / "plan.json")
    main(["plan", "--config", config_file, *FEW, "-o", plan])
    assert main(["verify", plan]) == 3
    assert main(["verify", plan, "--allow-missing"]) == 0
    capsys.readouterr()
    assert main(["verify", plan, "--json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] and report["without_a_kernel"] == 4


def test_verify_of_a_whole_plan_ends_with_0(tmp_path, capsys):
    plan = str(tmp_path / "plan.json")
    assert main(["plan", "--model", "llama-8b", *FEW, "-o", plan]) == 0
    capsys.readouterr()
    assert main(["verify", plan, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["without_a_kernel"] == 0


@pytest.mark.parametrize("name", ["DeepSeek-V3", "deepseek-ai/DeepSeek-V3", "deepseek-v3"])
def test_models_are_known_in_any_case_and_with_their_organisation(name, capsys):
    assert main(["plan", "--model", name, "--device", "H100", *FEW]) == 0
    assert json.loads(capsys.readouterr().out)["source"]["name"] == "deepseek-v3"


def test_devices_and_words_are_known_in_any_case(capsys):
    words = "--family BF16_GEMM --layout NT --out-dtype FP32 --grouping Dense --device H200 --m 1 --n 8 --k 16 --json"
    assert main(["explain", *words.split()]) == 0
    problem = json.loads(capsys.readouterr().out)["problem"]
    assert (problem["family"], problem["layout"], problem["out_dtype"]) == ("bf16_gemm", "nt", "fp32")


def test_an_encoder_that_is_not_planned_is_told(tmp_path, capsys):
    config = {"architectures": ["LlavaForConditionalGeneration"], "vision_config": {"hidden_size": 1024}}
    text = {key: value for key, value in LLAMA.items() if key != "architectures"} | {"model_type": "llama"}
    (tmp_path / "c.json").write_text(json.dumps(config | {"text_config": text}))
    assert main(["plan", "--config", str(tmp_path / "c.json"), *FEW]) == 0
    assert capsys.readouterr().err.startswith("aotgemm: vision_config: the encoder's calls are not in the plan")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({"quantization_config": "fp8"}, "quantization_config"),
        ({"architectures": [["LlamaForCausalLM"]]}, "architectures"),
        ({"hidden_size": 10**30}, "hidden_size"),
        ({"num_key_value_heads": "8"}, "num_key_value_heads"),
    ],
)
def test_configurations_that_make_no_plan(tmp_path, capsys, content, word):
    (tmp_path / "c.json").write_text(json.dumps(LLAMA | content))
    assert main(["plan", "--config", str(tmp_path / "c.json")]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert captured.err.startswith(f"aotgemm: config: {word} is ")


@pytest.mark.parametrize("content", ["", "[]", "nul", '{"a": ', "[" * 100_000, '{"a": 1' + "0" * 5000 + "}"])
def test_files_that_are_no_configuration(tmp_path, capsys, content):
    (tmp_path / "c.json").write_text(content)
    assert main(["plan", "--config", str(tmp_path / "c.json")]) == 2
    assert capsys.readouterr().err.startswith("aotgemm: config: c.json ")
    assert main(["plan", "--config", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("explain --m 64 --n 2111 --k 7168", "n: is 2111, must be a positive multiple of 8; the nearest is 2112"),
        ("explain --m 64 --n 2112 --k 7160", "k: is 7160, must be a positive multiple of 16; the nearest is 7168"),
        ("explain --m 2147483136 --n 8 --k 16", "m: is 2147483136, allowed is at most 2147483135"),
        ("explain --m 2147483135 --n 2147483128 --k 16", "d: has 187649894995296 tiles, allowed is at most 2147483647"),
        ("explain --m 2000000000 --n 2000000000 --k 16 --grouping masked --groups 2000000000",
         "groups, m, n: are 2000000000, 2000000000, 2000000000, allowed are at most 2^62 elements of D"),
        ("plan --model deepseek-v3 --max-tokens 1000000", "mlp.experts.w13: has 8032512 rows for a batch of"),
        ("plan --model deepseek-v3 --tp 3", "tp, ep: num_attention_heads is 128, which 3 ranks cannot share"),
        ("plan --model deepseek-v3 --tp 2147483647", "tp, ep: num_attention_heads is 128, which 2147483647 ranks"),
    ],
)  # fmt: skip
def test_sizes_that_no_call_has_end_with_2(line, message, capsys):
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith(f"aotgemm: {message}") and captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        "plan --model llama-8b --max-tokens 1000000000000000000000",
        "plan --model llama-8b --tp 4294967296",
        "plan --model llama-8b --num-sms 132,99999999999",
        "explain --m 4611686018427387904 --n 4611686018427387904 --k 16",
        "explain --m 1 --n 100000000000000000000 --k 16",
        "explain --m 1 --n 8 --k 16 --grouping masked --groups 99999999999",
        "explain --m 1 --n 8 --k 16 --num-sms 99999999999",
        "explain --k 16 --n 8 --m " + "9" * 5000,
    ],
)
def test_numbers_beyond_the_librarys_end_with_2(line, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(line.split())
    assert stopped.value.code == 2
    assert "allowed is at most 2147483647" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("plan --model gpt-2", "PlanError", "model: is 'gpt-2', allowed is one of "),
        ("explain --m 1 --n 9 --k 16", "ShapeError", "n: is 9, must be"),
        ("explain --m 1 --n 8 --k 16 --device abacus", "DeviceError", "device: "),
    ],
)
def test_errors_are_json_where_json_is_asked_for(line, kind, message, capsys):
    assert main([*line.split(), "--json"]) == 2
    captured = capsys.readouterr()
    error = json.loads(captured.out)["error"]
    assert error["type"] == kind and error["message"].startswith(message) and captured.err == ""


def test_refused_options_are_json_too(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["explain", "--json", "--m", "x", "--n", "8", "--k", "16"])
    captured = capsys.readouterr()
    assert (stopped.value.code, captured.err) == (2, "")
    assert json.loads(captured.out)["error"] == {
        "type": "UsageError",
        "message": "aotgemm explain: argument --m: is x, allowed is a positive number",
    }


def test_no_command_shows_the_help(capsys):
    assert main([]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("usage: aotgemm") and "start here:" in captured.out and captured.err == ""


@pytest.mark.parametrize(("columns", "width"), [("100", 100), ("200", 200), ("", 160), ("wide", 160), ("0", 160)])
def test_tables_are_as_wide_as_columns_says(columns, width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["explain", "--m", "64", "--n", "2112", "--k", "7168"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert width * 0.6 < max(map(len, lines)) <= width


@pytest.mark.parametrize("columns", ["3", "70"])
def test_names_are_whole_where_columns_has_no_room_for_them(columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["explain", "--m", "64", "--n", "2112", "--k", "7168"]) == 0
    names = [word for word in capsys.readouterr().out.split() if word.startswith("sm90_")]
    assert len(names) == 4 and {*names} <= {spec["name"] for spec in _core.specs()}


def test_more_sms_than_there_are_are_all_of_them(capsys):
    assert main(["explain", "--m", "1", "--n", "8", "--k", "16", "--num-sms", "500", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problem"]["num_sms"] == 132


def test_what_was_not_measured_is_null(capsys):
    assert main(["explain", "--m", "1", "--n", "8", "--k", "16", "--num-sms", "20", "--json"]) == 0
    choice = json.loads(capsys.readouterr().out)["choice"]
    assert choice["measured_us"] is None and choice["predicted_us"] == round(choice["predicted_us"], 2)
