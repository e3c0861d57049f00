"""Plans that name kernels which this library holds under other names: refused, with what to do about it."""

import hashlib

import aotgemm
import pytest
from aotgemm import _core
from aotgemm.plan.document import sealed
from aotgemm.plan.elf import sections
from aotgemm.plan.machine_code import code_sha256
from aotgemm.plan.renames import names_here
from plans import as_format_1, earlier_name, earlier_plans, in_force, small_plan, with_earlier_names, write_plan

FORMATS = (1, 2)


def renamed_names(plan):
    return [kernel["name"] for kernel in plan["kernels"] if earlier_name(kernel["name"]) != kernel["name"]]


def test_code_sha256_is_of_the_instructions_alone():
    """No name is in it: bytes of the section, no more, for every kernel of the library."""
    for kernel in _core.cubins():
        cubin = _core.cubin_bytes(kernel["name"], kernel["arch"])
        (code,) = [section.data for section in sections(cubin) if section.name.startswith(".text")]
        assert code_sha256(cubin) == hashlib.sha256(code).hexdigest()
        renamed = cubin.replace(kernel["name"].encode(), kernel["name"].upper().encode())
        assert renamed != cubin and code_sha256(renamed) == code_sha256(cubin)
        changed = bytearray(cubin)
        changed[cubin.index(code) + len(code) // 2] ^= 1
        assert code_sha256(bytes(changed)) != code_sha256(cubin)


@pytest.mark.parametrize("plan_format", FORMATS)
def test_every_kernel_is_found_under_its_name_of_today(plan_format):
    old, new = earlier_plans()[plan_format]
    assert names_here(old) == {earlier_name(kernel["name"]): kernel["name"] for kernel in new["kernels"]}


@pytest.mark.parametrize("plan_format", FORMATS)
def test_strict_mode_says_how_many_are_here_under_other_names(tmp_path, plan_format):
    old, new = earlier_plans()[plan_format]
    names = renamed_names(new)
    assert len(names) > 1
    with pytest.raises(aotgemm.PlanError) as refused:
        aotgemm.load_plan(write_plan(tmp_path, old))
    sentence = str(refused.value)
    assert f"kernel {earlier_name(names[0])} (sm_90a) is not in this library" in sentence
    assert f"{len(names)} of the plan's {len(new['kernels'])} kernel names are not in this library" in sentence
    assert f"{len(names)} of those kernels are here under other names as the same machine code" in sentence
    assert f"({earlier_name(names[0])} is now {names[0]})" in sentence and "aotgemm diff OLD NEW" in sentence
    assert _core.plan_mode() == 0


@pytest.mark.parametrize("plan_format", FORMATS)
def test_warn_mode_says_it_too(tmp_path, plan_format):
    old, new = earlier_plans()[plan_format]
    message = f"{len(renamed_names(new))} of those kernels are here under other names"
    with pytest.warns(aotgemm.PlanWarning, match=message), in_force(write_plan(tmp_path, old), "warn"):
        pass


@pytest.mark.parametrize("plan_format", FORMATS)
def test_a_kernel_of_other_code_is_not_counted(tmp_path, plan_format):
    old, new = earlier_plans()[plan_format]
    names = renamed_names(new)
    kernels = [k | {"code_sha256": "0" * 64} if k["name"] == earlier_name(names[0]) else k for k in old["kernels"]]
    old = sealed(old | {"kernels": kernels})
    assert earlier_name(names[0]) not in names_here(old)
    message = f"{len(names)} of the plan's .* and {len(names) - 1} of those kernels are here under other names"
    with pytest.raises(aotgemm.PlanError, match=message):
        aotgemm.load_plan(write_plan(tmp_path, old))


def test_a_plan_of_the_librarys_own_names_is_not_told_to_be_made_anew(tmp_path):
    plan = small_plan()
    changed = sealed(plan | {"kernels": [plan["kernels"][0] | {"sha256": "0" * 64}, *plan["kernels"][1:]]})
    with pytest.raises(aotgemm.PlanError, match="has sha256") as refused:
        aotgemm.load_plan(write_plan(tmp_path, changed))
    assert "make a new plan" not in str(refused.value)


def test_a_plan_of_format_1_is_loaded_where_its_kernels_are_here(tmp_path):
    plan = as_format_1(small_plan())
    with in_force(write_plan(tmp_path, plan), "strict"):
        assert _core.plan_mode() == 3


def test_only_the_same_architecture_counts():
    plan = with_earlier_names(small_plan())
    other = sealed(plan | {"kernels": [kernel | {"arch": "sm_100a"} for kernel in plan["kernels"]]})
    assert names_here(plan) and not names_here(other)
