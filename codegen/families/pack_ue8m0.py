"""Family pack_ue8m0: FP32 scales that are powers of two, packed four to a word."""

from codegen.arch import ARCHS
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels

NAME = "pack_ue8m0"
CHOICES = {"in_dtype": ("fp32",)}

FAMILY = Family(
    name=NAME,
    choices=CHOICES,
    kernels={
        arch: Kernels(conversion_specs(arch, NAME, CHOICES), template="common/pack_ue8m0.cu.in") for arch in ARCHS
    },
)
