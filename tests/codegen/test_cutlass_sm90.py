"""Swizzle and shared-memory descriptors of the Hopper kernels are CuTe's, for every tile of the matrix."""

from pathlib import Path

import pytest
from cutlass_headers import build, check_equal, check_found

from codegen import geometry
from codegen.matrix import gemm_specs

SOURCE = Path(__file__).parent / "cutlass" / "sm90.cpp"
ROW_BYTES = (64, 128, *range(16, 257, 32))  # that swizzled() takes: two swizzles, and rows of an odd number of chunks
FIELDS = {"start address": 0, "leading offset": 16, "stride offset": 32, "base offset": 49, "swizzle mode": 62}


def operands(spec):
    """Rows of the tile, rows of an instruction, and the letter of the layout, of A and of B."""
    m_side, n_side = 64, geometry.instruction_n(spec)
    widths = (n_side, m_side) if spec.swap_ab else (m_side, n_side)
    return zip((spec.block_m, spec.block_n), widths, (spec.layout[0] == "t", spec.layout[1] == "n"), strict=True)


def checks():
    """A line for each kind of tile and instruction, with the most slices (128 bytes of K) that a stage has."""
    slices = {}
    for spec in (spec for spec in gemm_specs() if spec.arch == "sm_90a"):
        element_bytes = 1 if spec.family.startswith("fp8") else 2
        for rows, width, is_mn_major in operands(spec):
            major = "MN" if is_mn_major else "K"
            kind = f"CHECK_FP8({rows}, {width}" if element_bytes == 1 else f"CHECK_BF16({major}, {rows}, {width}"
            slices[kind] = max(slices.get(kind, 0), spec.block_k * element_bytes // 128)
    yield from (f"{kind}, {count})" for kind, count in slices.items())
    yield from (f"CHECK_SWIZZLE({row_bytes})" for row_bytes in ROW_BYTES)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cutlass")
    lines = sorted(checks())
    assert {line.split("(")[0] for line in lines} == {"CHECK_BF16", "CHECK_FP8", "CHECK_SWIZZLE"}
    (folder / "checks.inc").write_text("\n".join(lines) + "\n")
    return build(SOURCE, folder)


def test_every_value_is_cutes(program):
    check_equal(program, 10_000)


@pytest.mark.parametrize("field", FIELDS)
def test_a_wrong_bit_is_found(program, field):
    check_found(program, FIELDS[field])
