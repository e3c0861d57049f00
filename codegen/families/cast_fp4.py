"""Family cast_fp4: BF16 or FP32 cast to FP4 E2M1, scaled by 1 x gran elements."""

from codegen.arch import ARCHS
from codegen.casts import INPUTS, TEMPLATE, matrix_source, rows_marks
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels
from codegen.spec import KernelSpec

NAME = "cast_fp4"
CHOICES = {"scaling": ("token",), "in_dtype": tuple(INPUTS)}


def _marks(spec: KernelSpec) -> dict[str, object]:
    return rows_marks(matrix_source(spec.in_dtype), "Fp4")


FAMILY = Family(
    name=NAME,
    choices=CHOICES,
    kernels={arch: Kernels(conversion_specs(arch, NAME, CHOICES), template=TEMPLATE, marks=_marks) for arch in ARCHS},
)
