"""Arch: limits of an architecture, and the shape and names of its tensor-core instructions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

WARPGROUP = 128  # threads


@dataclass(frozen=True)
class Arch:
    """One architecture: what bounds its kernels, and what proves that they use the tensor cores.

    shared_limit: bytes of shared memory that one thread block may use (CUDA C++ Programming Guide, table 24).
    mnemonics: the tensor cores' instruction in SASS, by the name of the operands' type; "fp4" is FP4 by FP4.
    """

    name: str
    shared_limit: int
    mnemonics: Mapping[str, str] = field(default_factory=dict)


SM_90A = Arch(
    "sm_90a",
    shared_limit=232448,
    mnemonics={"fp8": "QGMMA", "fp8_fragments": "QGMMA", "bf16": "HGMMA", "tf32": "HGMMA"},
)
SM_100A = Arch(
    "sm_100a",
    shared_limit=232448,
    mnemonics={"fp8": "UTCQMMA", "fp4": "UTCOMMA", "bf16": "UTCHMMA", "tf32": "UTCHMMA"},
)
ARCHS = {arch.name: arch for arch in (SM_90A, SM_100A)}

# Rows of D that one wgmma, the instruction of sm_90a, computes (PTX ISA, wgmma.mma_async).
WGMMA_M = 64
# By consumer warpgroups: registers of a thread that sums may take, of 232 or 160 (setmaxnreg); the rest holds scales,
# addresses and loop state.
WGMMA_SUM_REGISTERS = {1: 200, 2: 200, 3: 128}
