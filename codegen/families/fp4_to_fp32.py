"""Family fp4_to_fp32: packed FP4 E2M1 times its scales, in FP32."""

from codegen.arch import ARCHS
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels

NAME = "fp4_to_fp32"

FAMILY = Family(
    name=NAME,
    choices={},
    kernels={arch: Kernels(conversion_specs(arch, NAME, {}), template="common/fp4_to_fp32.cu.in") for arch in ARCHS},
)
