"""diff and verify where kernels or families have other names, or the plan is of an earlier format."""

import json

import cli_schemas
import jsonschema
import pytest
from aotgemm.audit.diff import compare_plans
from aotgemm.audit.library import loaded_library
from aotgemm.audit.verify import verify
from aotgemm.cli import main
from aotgemm.plan.document import canonical_text, sealed
from plans import as_format_1, earlier_name, earlier_plans, small_plan

KERNEL, OTHER_NAME = b"sm90_transpose_sf_fp32", b"sm90_transpose_of_fp32"
FORMATS = (1, 2)


def diff(capsys, *arguments):
    """Exit status and document."""
    status = main(["diff", *map(str, arguments), "--json"])
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, cli_schemas.DIFF_WHEELS if "--wheel" in arguments else cli_schemas.DIFF)
    return status, document


def write_both(folder, old, new):
    paths = folder / "old.json", folder / "new.json"
    for path, plan in zip(paths, (old, new), strict=True):
        path.write_text(canonical_text(plan))
    return paths


@pytest.mark.parametrize("plan_format", FORMATS)
def test_diff_of_plans_names_kernels_and_families_of_other_names(capsys, tmp_path, plan_format):
    old, new = earlier_plans()[plan_format]
    status, report = diff(capsys, *write_both(tmp_path, old, new))
    names = [kernel["name"] for kernel in new["kernels"]]
    renamed = [{"old": earlier_name(name), "new": name} for name in names if earlier_name(name) != name]
    assert status == 1 and len(renamed) > 1
    assert sorted(report["kernels"]["renamed"], key=str) == sorted(renamed, key=str)
    assert report["kernels"]["equal"] == len(names) - len(renamed)
    assert not any(report["kernels"][key] for key in ("added", "removed", "code_changed", "metadata_changed"))
    assert report["families_renamed"] == [{"old": earlier_name("fp8_gemm_1d2d"), "new": "fp8_gemm_1d2d"}]
    assert report["calls"] == {"added": [], "removed": [], "changed": []}
    assert list(report["facts"]) == ["format"] * (plan_format == 1)


@pytest.mark.parametrize("plan_format", FORMATS)
def test_what_changes_beside_the_names_is_still_told(plan_format):
    old, new = earlier_plans()[plan_format]
    call = new["calls"][0]
    first, *rest = call["intervals"]
    other = next(kernel["name"] for kernel in new["kernels"] if kernel["name"] not in (first["kernel"], *rest))
    changed = [call | {"intervals": [first | {"kernel": other}, *rest]}, *new["calls"][1:]]
    (found,) = compare_plans(old, sealed(new | {"calls": changed}))["calls"]["changed"]
    assert [(change["old"], change["new"]) for change in found["changes"]] == [(first["kernel"], other)]
    assert found["family"] == "fp8_gemm_1d2d"


def test_another_name_and_other_code_is_another_kernel():
    old, new = earlier_plans()[2]
    name = next(kernel["name"] for kernel in new["kernels"] if earlier_name(kernel["name"]) != kernel["name"])
    kernels = [k | {"code_sha256": "0" * 64} if k["name"] == earlier_name(name) else k for k in old["kernels"]]
    report = compare_plans(sealed(old | {"kernels": kernels}), new)["kernels"]
    assert (report["removed"], report["added"]) == ([earlier_name(name)], [name])
    assert name not in [pair["new"] for pair in report["renamed"]]


def test_two_kernels_of_one_code_are_not_one_kernel():
    """Of two old kernels with the code of one new kernel, one was renamed and the other is gone."""
    old, new = earlier_plans()[2]
    one = next(kernel for kernel in old["kernels"] if "was" in kernel["name"])
    twin = one | {"name": one["name"] + "_twin"}
    report = compare_plans(sealed(old | {"kernels": [*old["kernels"], twin]}), new)["kernels"]
    assert report["removed"] == [twin["name"]] and report["added"] == []


def test_tables_show_the_new_name(capsys, tmp_path):
    old, new = earlier_plans()[1]
    assert main(["diff", *map(str, write_both(tmp_path, old, new))]) == 1
    text = capsys.readouterr().out
    name = next(kernel["name"] for kernel in new["kernels"] if earlier_name(kernel["name"]) != kernel["name"])
    (line,) = [line for line in text.splitlines() if line.split()[:1] == [earlier_name(name)]]
    assert line.split() == [earlier_name(name), "renamed,", "same", "code", name]
    assert "aotgemm plan 1 -> aotgemm plan 2" in text and "of the same code under a new name" in text


def test_diff_of_libraries_names_a_kernel_of_another_name(capsys, tmp_path):
    library = loaded_library().read_bytes()
    (tmp_path / "lib.so").write_bytes(library.replace(KERNEL, OTHER_NAME))
    status, report = diff(capsys, "--wheel", loaded_library(), tmp_path / "lib.so")
    assert status == 1 and report["kernels"]["renamed"] == [{"old": KERNEL.decode(), "new": OTHER_NAME.decode()}]
    assert report["kernels"]["added"] == report["kernels"]["removed"] == []
    assert diff(capsys, "--wheel", tmp_path / "lib.so", tmp_path / "lib.so")[0] == 0


def test_diff_of_equal_plans_of_format_1(capsys, tmp_path):
    plan = as_format_1(small_plan())
    assert diff(capsys, *write_both(tmp_path, plan, plan))[0] == 0


def test_verify_of_a_plan_of_format_1():
    plan = as_format_1(small_plan())
    assert verify(plan)["ok"]
    one, two = plan["kernels"][:2]
    kernels = [one | {"sha256": "0" * 64}, two | {"sha256": "0" * 64, "code_sha256": "0" * 64}]
    states = [kernel["state"] for kernel in verify(sealed(plan | {"kernels": kernels}))["kernels"][:2]]
    assert states == ["metadata differs", "code differs"]
