"""Family transpose_fp4: packed FP4 codes, rows and columns exchanged."""

from codegen.arch import ARCHS
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels

NAME = "transpose_fp4"

FAMILY = Family(
    name=NAME,
    choices={},
    kernels={arch: Kernels(conversion_specs(arch, NAME, {}), template="common/transpose_fp4.cu.in") for arch in ARCHS},
)
