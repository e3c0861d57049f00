"""Family cast_fp8_dims: BF16 or FP32 cast to FP8 E4M3 with a scale for each index of some dimensions."""

from codegen.arch import ARCHS
from codegen.casts import INPUTS
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels
from codegen.spec import KernelSpec

NAME = "cast_fp8_dims"
CHOICES = {"in_dtype": tuple(INPUTS)}


def _marks(spec: KernelSpec) -> dict[str, object]:
    return {"input": INPUTS[spec.in_dtype]}


FAMILY = Family(
    name=NAME,
    choices=CHOICES,
    kernels={
        arch: Kernels(conversion_specs(arch, NAME, CHOICES), template="common/cast_dims.cu.in", marks=_marks)
        for arch in ARCHS
    },
)
