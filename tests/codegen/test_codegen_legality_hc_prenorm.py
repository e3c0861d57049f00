"""Which specs of tf32_hc_prenorm_gemm can be built."""

from dataclasses import replace

import pytest

from codegen.families import FAMILIES
from codegen.legality import why_illegal

(SPECS,) = (kernels.specs for kernels in FAMILIES["tf32_hc_prenorm_gemm"].kernels.values())


@pytest.mark.parametrize("columns", [0, 12, 40])
def test_columns_that_no_kernel_has(columns: int) -> None:
    assert why_illegal(replace(SPECS[0], block_n=columns)) == (
        f"block_n is {columns}; family tf32_hc_prenorm_gemm has 8, 16, 24, 32"
    )


def test_names_say_the_columns() -> None:
    assert [spec.name() for spec in SPECS] == [f"sm90_tf32_hc_prenorm_gemm_n{columns}" for columns in (8, 16, 24, 32)]
