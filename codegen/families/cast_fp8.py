"""Family cast_fp8: BF16 or FP32 cast to FP8 E4M3, scaled by 1 x gran (token), gran x gran (block) or gran x 1 (channel)
elements."""

from codegen.arch import ARCHS
from codegen.casts import INPUTS, TEMPLATE, blocks_marks, matrix_source, rows_marks
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels
from codegen.spec import KernelSpec

NAME = "cast_fp8"
CHOICES = {"scaling": ("token", "block", "channel"), "in_dtype": tuple(INPUTS)}


def _marks(spec: KernelSpec) -> dict[str, object]:
    if spec.scaling == "token":
        return rows_marks(matrix_source(spec.in_dtype), "Fp8")
    return blocks_marks(spec.in_dtype, spec.scaling)


FAMILY = Family(
    name=NAME,
    choices=CHOICES,
    kernels={arch: Kernels(conversion_specs(arch, NAME, CHOICES), template=TEMPLATE, marks=_marks) for arch in ARCHS},
)
