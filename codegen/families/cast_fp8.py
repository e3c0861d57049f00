"""Family cast_fp8: BF16 or FP32 cast to FP8 with a scale for 1x128 elements (token) or for 128x128 (block)."""

from codegen.arch import ARCHS
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels
from codegen.spec import KernelSpec

NAME = "cast_fp8"
BLOCK_ROWS = {"token": 1, "block": 128}  # rows under one scale
INPUTS = {"bf16": "aotgemm::Bf16", "fp32": "float"}  # C++ types
CHOICES = {"scaling": tuple(BLOCK_ROWS), "in_dtype": tuple(INPUTS)}


def _marks(spec: KernelSpec) -> dict[str, object]:
    return {"input": INPUTS[spec.in_dtype], "block_rows": BLOCK_ROWS[spec.scaling]}


FAMILY = Family(
    name=NAME,
    choices=CHOICES,
    kernels={
        arch: Kernels(conversion_specs(arch, NAME, CHOICES), template="common/cast_fp8.cu.in", marks=_marks)
        for arch in ARCHS
    },
)
