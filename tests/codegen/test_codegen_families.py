"""The families: each has a file and is listed, and what it states agrees with what the common code and kernels say."""

import re
from pathlib import Path

import pytest

from codegen import families, tile_rules
from codegen.arch import ARCHS
from codegen.families import FAMILIES, kernels_of, mnemonic_of
from codegen.family import Family
from codegen.files import TEMPLATES
from codegen.legality import CHOICES
from codegen.matrix import all_specs
from codegen.write.gemm_families import gemm_families, write_gemm_families

ROOT = Path(__file__).parents[2]


def test_every_file_is_a_listed_family() -> None:
    files = {path.stem for path in Path(families.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_family_states_its_own_specs(family: Family) -> None:
    for arch, kernels in family.kernels.items():
        assert kernels.specs
        assert {(spec.arch, spec.family) for spec in kernels.specs} == {(arch, family.name)}


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_choice_has_a_kernel(family: Family) -> None:
    assert set(family.choices) <= set(CHOICES)
    specs = [spec for kernels in family.kernels.values() for spec in kernels.specs]
    for field, values in family.choices.items():
        assert {getattr(spec, field) for spec in specs} == set(values), field


def test_kernels_with_a_tile_use_the_tensor_cores() -> None:
    for spec in all_specs():
        assert (mnemonic_of(spec) is not None) == (kernels_of(spec).block is not None), spec.name()
        assert mnemonic_of(spec) is not None or not spec.is_gemm, spec.name()


def test_every_kernel_template_is_used() -> None:
    used = {kernels.template for family in FAMILIES.values() for kernels in family.kernels.values()}
    assert used == {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.cu.in")}


def test_every_family_with_groupings_has_a_row_for_the_host(tmp_path: Path) -> None:
    rows = {path.stem for path in (ROOT / "cpp" / "dispatch" / "ops" / "gemm" / "families").glob("*.cpp")}
    assert rows == set(gemm_families()) and len(rows) == len(gemm_families())
    write_gemm_families(tmp_path)
    listed = re.findall(r"&gemm_families::(\w+),", (tmp_path / "gemm_families.cpp").read_text())
    assert listed == gemm_families()


def test_every_architecture_has_kernels() -> None:
    assert {spec.arch for spec in all_specs()} == set(ARCHS)


def test_groups_start_where_the_kernels_say() -> None:
    header = (ROOT / "cpp" / "kernels" / "common" / "grouping.hpp").read_text()
    assert re.findall(r"kGroupAlignment = (\d+);", header) == [str(tile_rules.GROUP_ALIGNMENT)]
