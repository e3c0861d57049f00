"""Family transpose_sf: FP32 scales of any strides, written in the aligned MN-major layout that TMA loads."""

from codegen.arch import ARCHS
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels

NAME = "transpose_sf"
CHOICES = {"in_dtype": ("fp32",)}

FAMILY = Family(
    name=NAME,
    choices=CHOICES,
    kernels={
        arch: Kernels(conversion_specs(arch, NAME, CHOICES), template="common/transpose_sf.cu.in") for arch in ARCHS
    },
)
