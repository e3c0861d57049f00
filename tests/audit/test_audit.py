"""verify, diff and sass: on the installed library, on damaged copies, and on wheels that are not installed."""

import hashlib
import json
import zipfile

import aotgemm
import cli_schemas
import jsonschema
import pytest
from aotgemm import _core
from aotgemm.audit.diff import compare_plans
from aotgemm.audit.library import cubins_in, loaded_library, read_library
from aotgemm.audit.sass import disassemble
from aotgemm.audit.verify import verify
from aotgemm.cli import main
from aotgemm.plan.document import canonical_text, sealed
from aotgemm.plan.elf import sections
from aotgemm.plan.plan_file import parse_plan
from plans import small_plan, write_plan


@pytest.fixture(scope="module")
def library():
    return loaded_library().read_bytes()


@pytest.fixture
def plan_file(tmp_path):
    return write_plan(tmp_path, small_plan())


def run(capsys, *arguments):
    """Exit status and document."""
    status = main([*map(str, arguments), "--json"])
    document = json.loads(capsys.readouterr().out)
    schemas = {"verify": cli_schemas.VERIFY, "diff": cli_schemas.DIFF, "sass": cli_schemas.SASS}
    jsonschema.validate(document, cli_schemas.DIFF_WHEELS if "--wheel" in arguments else schemas[arguments[0]])
    return status, document


def planned_kernel(plan):
    return plan["calls"][0]["intervals"][0]["kernel"]


def flipped(library, name, at):
    """The library with one bit of that kernel changed, `at` bytes into it."""
    data, cubin = bytearray(library), cubins_in(library)[name].data
    data[library.index(cubin) + at % len(cubin)] ^= 1
    return bytes(data)


def offset_of_code(cubin):
    text = next(section.data for section in sections(cubin) if section.name.startswith(".text."))
    return cubin.index(text)


def test_the_files_kernels_are_those_of_the_loaded_library(library):
    found = {(c.name, c.arch, c.sha256, c.stated_sha256, c.data) for c in cubins_in(library).values()}
    loaded = {
        (c["name"], c["arch"], c["sha256"], c["sha256"], _core.cubin_bytes(c["name"], c["arch"]))
        for c in _core.cubins()
    }
    assert found == loaded


def test_verify_of_the_installed_library(capsys, plan_file):
    status, report = run(capsys, "verify", plan_file)
    assert status == 0 and report["ok"] and report["selection_checked"] and report["differing"] == 0
    assert len(report["kernels"]) == len(small_plan()["kernels"])


@pytest.mark.parametrize("place", ["code", "start", "end"])
def test_verify_names_the_damaged_kernel(capsys, tmp_path, plan_file, library, place):
    name = planned_kernel(small_plan())
    code = offset_of_code(read_library()[name].data)
    copy_of_it = tmp_path / "lib.so"
    copy_of_it.write_bytes(flipped(library, name, {"code": code, "start": 8, "end": -1}[place]))
    status, report = run(capsys, "verify", plan_file, "--library", copy_of_it)
    assert status == 1 and not report["ok"] and not report["selection_checked"]
    differing = [(kernel["name"], kernel["state"]) for kernel in report["kernels"] if kernel["state"] != "equal"]
    assert differing == [(name, "code differs" if place == "code" else "metadata differs")]
    assert main(["verify", str(plan_file), "--library", str(copy_of_it)]) == 1
    assert name in capsys.readouterr().out


def test_verify_names_a_damaged_kernel_beside_the_plan(capsys, tmp_path, plan_file, library):
    planned = {kernel["name"] for kernel in small_plan()["kernels"]}
    name = next(cubin["name"] for cubin in _core.cubins() if cubin["name"] not in planned)
    (tmp_path / "lib.so").write_bytes(flipped(library, name, 999))
    status, report = run(capsys, "verify", plan_file, "--library", tmp_path / "lib.so")
    assert status == 1
    assert [k["name"] for k in report["kernels"] if k["state"] == "damaged, not in the plan"] == [name]


def test_a_plan_names_the_library_by_hash(library):
    assert small_plan()["library"]["sha256"] == hashlib.sha256(library).hexdigest()


def test_verify_tells_another_build_of_the_library(capsys, tmp_path, plan_file, library):
    """Host code that differs, here by a byte behind the last section: it chooses and launches, so it counts."""
    (tmp_path / "lib.so").write_bytes(library + b"x")
    request = ("verify", plan_file, "--library", tmp_path / "lib.so")
    status, report = run(capsys, *request)
    assert (status, report["ok"], report["differing"]) == (1, False, 0)
    assert report["library_file"] == {
        "planned": hashlib.sha256(library).hexdigest(),
        "found": hashlib.sha256(library + b"x").hexdigest(),
        "state": "another build",
    }
    assert run(capsys, *request, "--allow-other-build")[0] == 0
    (tmp_path / "lib.so").write_bytes(flipped(library, planned_kernel(small_plan()), 999))
    assert run(capsys, *request, "--allow-other-build")[0] == 1


def test_a_plan_that_names_no_library_is_held_against_its_kernels():
    plan = small_plan()
    del plan["library"]["sha256"]
    report = verify(parse_plan(canonical_text(sealed(plan)).encode()))
    assert report["ok"] and report["library_file"]["state"] == "not stated in the plan"


def test_verify_finds_a_changed_selection(tmp_path):
    plan = small_plan()
    interval = plan["calls"][0]["intervals"][-1]
    interval["m"][1] -= 8
    assert verify(sealed(plan))["ok"]
    other = next(kernel["name"] for kernel in plan["kernels"] if kernel["name"] != interval["kernel"])
    interval["kernel"] = other
    report = verify(sealed(plan))
    assert not report["ok"] and [call["n"] for call in report["selection_changed"]] == [plan["calls"][0]["n"]]


def test_verify_finds_a_kernel_that_came(tmp_path):
    plan = small_plan()
    plan["calls"][0] |= {"missing": "there was none", "intervals": []}
    assert len(verify(sealed(plan))["selection_changed"]) == 1


def test_verify_of_one_kernel(capsys, tmp_path, plan_file, library):
    plan = small_plan()
    name = planned_kernel(plan)
    (sha256,) = [kernel["sha256"] for kernel in plan["kernels"] if kernel["name"] == name]
    status, report = run(capsys, "verify", plan_file, "--kernel", name)
    assert status == 0 and [kernel["name"] for kernel in report["kernels"]] == [name]
    assert main(["verify", str(plan_file), "--kernel", name]) == 0
    text = capsys.readouterr().out
    assert text.count(sha256) == 2 and plan["calls"][0]["layers"][0] in text
    other = next(kernel["name"] for kernel in plan["kernels"] if kernel["name"] != name)
    (tmp_path / "lib.so").write_bytes(flipped(library, other, 999))
    request = ("verify", plan_file, "--library", tmp_path / "lib.so", "--allow-other-build", "--kernel")
    assert run(capsys, *request, name)[0] == 0
    status, report = run(capsys, *request, other)
    assert (status, report["differing"]) == (1, 1)


def test_verify_of_a_kernel_that_the_plan_lacks_names_the_nearest(capsys, plan_file):
    name = planned_kernel(small_plan())
    assert main(["verify", str(plan_file), "--kernel", name[:-1]]) == 2
    error = capsys.readouterr().err
    assert (
        error.startswith(f"aotgemm: --kernel: is '{name[:-1]}', which the plan lacks; nearest are ") and name in error
    )


def wheel_of(tmp_path, library):
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("aotgemm/libaotgemm.so", library)
    return path


def test_wheels_are_read_without_installing_them(capsys, tmp_path, plan_file, library):
    plan = small_plan()
    name = planned_kernel(plan)
    wheel = wheel_of(tmp_path, flipped(library, name, offset_of_code(read_library()[name].data)))
    status, report = run(capsys, "diff", "--wheel", loaded_library(), wheel)
    assert (status, report["kernels"]["code_changed"]) == (1, [name])
    assert report["kernels"]["equal"] == len(_core.cubins()) - 1
    assert run(capsys, "verify", plan_file, "--library", wheel)[0] == 1
    assert run(capsys, "diff", "--wheel", wheel, wheel)[0] == 0


@pytest.mark.parametrize("size", [0, 3, 40, 64, 5000, 300_000, -1, -5000])
def test_a_library_that_is_cut_off_is_refused(tmp_path, plan_file, capsys, library, size):
    (tmp_path / "lib.so").write_bytes(library[:size])
    assert main(["verify", str(plan_file), "--library", str(tmp_path / "lib.so")]) == 2
    assert "library: " in capsys.readouterr().err


def test_what_is_no_library(tmp_path, plan_file, capsys, library):
    without_mark = tmp_path / "lib.so"
    without_mark.write_bytes(library.replace(b"AOTGEMM1", b"AOTGEMM2"))
    (tmp_path / "bad.whl").write_bytes(b"PK")
    for path in (without_mark, tmp_path / "bad.whl", tmp_path / "none", wheel_of(tmp_path, b"")):
        assert main(["verify", str(plan_file), "--library", str(path)]) == 2
        assert "aotgemm: library: " in capsys.readouterr().err


def test_equal_plans_do_not_differ(capsys, plan_file):
    status, report = run(capsys, "diff", plan_file, plan_file)
    assert (status, report["facts"], report["calls"]) == (0, {}, {"added": [], "removed": [], "changed": []})


def test_diff_says_what_changes(capsys, tmp_path):
    old = small_plan(shapes=((512, 256), (64, 128), (72, 144)))
    new = small_plan(tokens=128, shapes=((512, 256), (64, 128), (80, 160)))
    code, metadata = new["kernels"][0], new["kernels"][1]
    code |= {"sha256": "1" * 64, "code_sha256": "2" * 64}
    metadata["sha256"] = "3" * 64
    changed = next(call for call in new["calls"] if call["n"] == 64)
    first = changed["intervals"][0]
    planned = first["kernel"]
    first["kernel"] = next(kernel["name"] for kernel in new["kernels"] if kernel["name"] != planned)
    first["us"] = [100, 100]
    (tmp_path / "old").write_text(canonical_text(sealed(old)))
    (tmp_path / "new").write_text(canonical_text(sealed(new)))
    status, report = run(capsys, "diff", tmp_path / "old", tmp_path / "new")
    assert status == 1 and list(report["facts"]) == ["source"]
    assert report["kernels"]["code_changed"] == [code["name"]]
    assert report["kernels"]["metadata_changed"] == [metadata["name"]]
    assert [call["n"] for call in report["calls"]["added"]] == [80]
    assert [call["n"] for call in report["calls"]["removed"]] == [72]
    call = next(call for call in report["calls"]["changed"] if call["n"] == 64)
    assert (call["old_m"], call["new_m"]) == ([1, 64], [1, 128])
    assert [(c["m"], c["old"], c["new"], c["new_us"]) for c in call["changes"]] == [
        ([1, min(64, first["m"][1])], planned, first["kernel"], [100, 100])
    ]


def test_diff_of_devices_agrees_with_the_selection():
    """Every piece that changes is one kernel on either side, and no piece is left out."""
    shapes = ((64, 128), (512, 256))
    old, new = small_plan(2000, shapes), small_plan(2000, shapes, device="h20")
    for call in new["calls"]:
        call["num_sms"] = 132  # or they would be other calls
    names = [spec["name"] for spec in _core.specs()]
    for call in compare_plans(old, new)["calls"]["changed"]:
        changed = {m for change in call["changes"] for m in range(change["m"][0], change["m"][1] + 1)}
        for m in range(1, 2001):
            one, two = (
                names[_core.select("fp8_gemm_1d2d", m, call["n"], call["k"], 0, device, 1)[0]["kernel"]]
                for device in ("h100", "h20")
            )
            assert (one != two) == (m in changed), (m, one, two)


def test_sass_is_the_kernels(capsys):
    name = small_plan()["calls"][0]["intervals"][0]["kernel"]
    status, report = run(capsys, "sass", name)
    assert status == 0 and report["sass"].count("QGMMA") > 0 and report["sha256"] == read_library()[name].sha256
    assert main(["sass", name]) == 0
    assert capsys.readouterr().out == report["sass"]


def test_sass_of_an_unknown_kernel_names_the_nearest(capsys):
    name = _core.specs()[0]["name"]
    assert main(["sass", name + "x"]) == 2
    assert name in capsys.readouterr().err


def test_sass_without_a_disassembler_says_what_provides_it(monkeypatch):
    monkeypatch.setattr("aotgemm.audit.sass.find_nvdisasm", lambda: None)
    with pytest.raises(aotgemm.KernelMissingError, match="pip install nvidia-cuda-nvdisasm"):
        disassemble(next(iter(read_library().values())))


@pytest.mark.parametrize("command", ["verify", "diff"])
def test_help_teaches_with_examples(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert f"examples:\n  aotgemm {command} " in capsys.readouterr().out


def test_tables_name_what_changes(capsys, tmp_path):
    (tmp_path / "old").write_text(canonical_text(small_plan()))
    (tmp_path / "new").write_text(canonical_text(small_plan(shapes=((64, 128), (72, 128)))))
    assert main(["diff", str(tmp_path / "old"), str(tmp_path / "new")]) == 1
    text = capsys.readouterr().out
    assert "512x256" in text and "removed" in text and "72x128" in text and "something differs" in text
