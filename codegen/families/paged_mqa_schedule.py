"""Family paged_mqa_schedule: the keys of sequences in splits of 256, dealt out to slots in equal parts."""

from codegen.arch import ARCHS
from codegen.conversion import conversion_specs
from codegen.family import Family, Kernels

NAME = "paged_mqa_schedule"

FAMILY = Family(
    name=NAME,
    choices={},
    kernels={
        arch: Kernels(conversion_specs(arch, NAME, {}), template="common/paged_mqa_schedule.cu.in") for arch in ARCHS
    },
)
