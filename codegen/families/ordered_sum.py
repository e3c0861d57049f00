"""Family ordered_sum: FP32 partial sums added one after the other, so that the result does not depend on the grid."""

from codegen.arch import ARCHS
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels

NAME = "ordered_sum"
CHOICES = {"in_dtype": ("fp32",), "out_dtype": ("bf16", "fp32")}

FAMILY = Family(
    name=NAME,
    choices=CHOICES,
    kernels={
        arch: Kernels(conversion_specs(arch, NAME, CHOICES), template="common/ordered_sum.cu.in") for arch in ARCHS
    },
)
