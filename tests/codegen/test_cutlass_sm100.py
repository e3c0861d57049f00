"""Shared-memory descriptors of the Blackwell kernels are CuTe's, for every tile of the matrix."""

from pathlib import Path

import pytest
from cutlass_headers import build, check_equal, check_found

from codegen.families import FAMILIES
from codegen.matrix import all_specs

SOURCE = Path(__file__).parent / "cutlass" / "sm100.cpp"
TYPES = {"bf16": "bfloat16_t", "fp8": "float_e4m3_t", "tf32": "float"}
PRENORM_ROWS, PRENORM_SLICES = 64, 2  # of A in tf32_hc_prenorm_gemm, which has no tile
FIELDS = {"start address": 0, "stride offset": 32, "version": 46, "base offset": 49, "swizzle mode": 61}


def operands(spec):
    """Of A and of B: rows that a block loads, whether they are MN-major, and slices (128 bytes of K) of a stage."""
    if not spec.is_gemm:
        return [(rows, False, PRENORM_SLICES) for rows in (PRENORM_ROWS, spec.block_n)]
    slices = spec.block_k * FAMILIES[spec.family].operand.bytes // 128
    loaded = (spec.block_m // spec.cluster_n, spec.block_n // spec.cluster_m)
    majors = (spec.layout[0] == "t", spec.layout[1] == "n")
    return [(rows, is_mn_major, slices) for rows, is_mn_major in zip(loaded, majors, strict=True)]


def checks():
    """A line for each kind of tile, with the most slices that a stage has."""
    most = {}
    for spec in all_specs():
        operand = FAMILIES[spec.family].operand
        if spec.arch != "sm_100a" or operand is None:
            continue
        for rows, is_mn_major, slices in operands(spec):
            kind = f"CHECK_OPERAND({'MN' if is_mn_major else 'K'}, {TYPES[operand.name]}, {rows}"
            most[kind] = max(most.get(kind, 0), slices)
    yield from (f"{kind}, {count})" for kind, count in most.items())


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cutlass")
    (folder / "checks.inc").write_text("\n".join(sorted(checks())) + "\n")
    return build(SOURCE, folder)


def test_every_descriptor_is_cutes(program):
    check_equal(program, 2_000)


@pytest.mark.parametrize("field", FIELDS)
def test_a_wrong_bit_is_found(program, field):
    check_found(program, FIELDS[field])
