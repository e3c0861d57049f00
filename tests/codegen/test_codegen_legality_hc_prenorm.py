"""Which specs of tf32_hc_prenorm_gemm can be built."""

from dataclasses import replace

import pytest

from codegen.families import FAMILIES
from codegen.legality import why_illegal

KERNELS = FAMILIES["tf32_hc_prenorm_gemm"].kernels


@pytest.mark.parametrize("arch", KERNELS)
@pytest.mark.parametrize("columns", [0, 12, 40])
def test_columns_that_no_kernel_has(arch: str, columns: int) -> None:
    assert why_illegal(replace(KERNELS[arch].specs[0], block_n=columns)) == (
        f"block_n is {columns}; family tf32_hc_prenorm_gemm has 8, 16, 24, 32"
    )


@pytest.mark.parametrize("arch", KERNELS)
def test_names_say_the_columns(arch: str) -> None:
    prefix = arch.rstrip("a").replace("_", "")
    wanted = [f"{prefix}_tf32_hc_prenorm_gemm_n{columns}" for columns in (8, 16, 24, 32)]
    assert [spec.name() for spec in KERNELS[arch].specs] == wanted
