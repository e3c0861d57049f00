// Conversions of packed FP4: int8, two E2M1 codes a byte, the first of them in the low four bits.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// Device side: cpp/kernels/common/fp4_to_fp32.cuh.
void fp4_to_fp32(const aotgemm_tensor& packed, const aotgemm_tensor& sf, const aotgemm_tensor& out, int32_t gran_k,
                 const aotgemm_launch& options);

// Device side: cpp/kernels/common/transpose_fp4.cuh.
void transpose_fp4(const aotgemm_tensor& a, const aotgemm_tensor& out, const aotgemm_launch& options);

// Device side: cpp/kernels/common/fp4_to_fp8.cuh.
void fp4_to_fp8(const aotgemm_tensor& weights, const aotgemm_tensor& scales, const aotgemm_tensor& q,
                const aotgemm_tensor& sf, const aotgemm_tensor& inexact, const aotgemm_launch& options);

}  // namespace aotgemm
