"""FAMILIES: the one list of families. Their order is that of the library's tables."""

from codegen.arch import ARCHS
from codegen.families import (
    bf16_gemm,
    cast_fp4,
    cast_fp8,
    cast_fp8_dims,
    fp4_to_fp8,
    fp4_to_fp32,
    fp8_fp4_gemm,
    fp8_fp4_gemm_1d1d,
    fp8_gemm_1d1d,
    fp8_gemm_1d2d,
    mqa_logits,
    ordered_sum,
    pack_ue8m0,
    paged_mqa_logits,
    paged_mqa_schedule,
    silu_mul_cast_fp8,
    tcgen05_mma,
    tf32_hc_prenorm_gemm,
    transpose_fp4,
    transpose_sf,
)
from codegen.family import Kernels
from codegen.spec import KernelSpec

FAMILIES = {
    module.FAMILY.name: module.FAMILY
    for module in (
        fp8_gemm_1d2d,
        fp8_gemm_1d1d,
        bf16_gemm,
        fp8_fp4_gemm,
        fp8_fp4_gemm_1d1d,
        transpose_sf,
        cast_fp8,
        cast_fp4,
        silu_mul_cast_fp8,
        pack_ue8m0,
        ordered_sum,
        mqa_logits,
        tf32_hc_prenorm_gemm,
        paged_mqa_logits,
        paged_mqa_schedule,
        cast_fp8_dims,
        fp4_to_fp32,
        fp4_to_fp8,
        transpose_fp4,
        tcgen05_mma,
    )
}


def kernels_of(spec: KernelSpec) -> Kernels:
    """The kernels that the spec's family has on the spec's architecture."""
    return FAMILIES[spec.family].kernels[spec.arch]


def mnemonic_of(spec: KernelSpec) -> str | None:
    """The tensor-core instruction that the kernel's SASS must hold; None where the family uses no tensor cores."""
    operand = FAMILIES[spec.family].operand
    return ARCHS[spec.arch].mnemonics[spec.in_dtype or operand.name] if operand else None
