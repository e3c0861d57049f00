"""Shared-memory descriptors of the Blackwell kernels are CuTe's, for every tile of the matrix."""

import subprocess
from pathlib import Path

import pytest
from cutlass_headers import build

from codegen.families import FAMILIES
from codegen.matrix import gemm_specs

SOURCE = Path(__file__).parent / "cutlass" / "sm100.cpp"
TYPES = {"bf16": "bfloat16_t", "fp8": "float_e4m3_t"}
FIELDS = {"start address": 0, "stride offset": 32, "version": 46, "base offset": 49, "swizzle mode": 61}


def checks():
    """A line for each kind of tile, with the most slices (128 bytes of K) that a stage has."""
    slices = {}
    for spec in (spec for spec in gemm_specs() if spec.arch == "sm_100a"):
        operand = FAMILIES[spec.family].operand
        loaded = (spec.block_m // spec.cluster_n, spec.block_n // spec.cluster_m)
        for rows, is_mn_major in zip(loaded, (spec.layout[0] == "t", spec.layout[1] == "n"), strict=True):
            kind = f"CHECK_OPERAND({'MN' if is_mn_major else 'K'}, {TYPES[operand.name]}, {rows}"
            slices[kind] = max(slices.get(kind, 0), spec.block_k * operand.bytes // 128)
    yield from (f"{kind}, {count})" for kind, count in slices.items())


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cutlass")
    (folder / "checks.inc").write_text("\n".join(sorted(checks())) + "\n")
    return build(SOURCE, folder)


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return done


def test_every_descriptor_is_cutes(program):
    done = run(program)
    assert done.returncode == 0, done.stderr
    different, compared = (int(word) for word in done.stderr.split() if word.isdecimal())
    assert different == 0 and compared > 2_000


@pytest.mark.parametrize("field", FIELDS)
def test_a_wrong_bit_is_found(program, field):
    done = run(program, f"{1 << FIELDS[field]:x}")
    assert done.returncode == 1 and "CuTe has" in done.stderr
