"""Family fp4_to_fp8: weights in FP4 E2M1 with a power of two for 32 columns, as FP8 E4M3 with a scale for 128."""

from codegen.arch import ARCHS
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels

NAME = "fp4_to_fp8"

FAMILY = Family(
    name=NAME,
    choices={},
    kernels={arch: Kernels(conversion_specs(arch, NAME, {}), template="common/fp4_to_fp8.cu.in") for arch in ARCHS},
)
