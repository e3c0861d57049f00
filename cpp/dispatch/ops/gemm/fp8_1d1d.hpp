// Family fp8_gemm_1d1d: A and B scaled alike, by row and 128 columns; FP32 or BF16 out, C accumulated. Dense and k_grouped.
#pragma once

#include <span>

#include "aotgemm/aotgemm.h"

namespace aotgemm {

struct Fp8Gemm1d1dOperands {
    const aotgemm_tensor &a, &sfa, &b, &sfb;
    const aotgemm_tensor* c;  // null: nothing is added
    const aotgemm_tensor& d;
};

void fp8_gemm_1d1d(const Fp8Gemm1d1dOperands& operands, const aotgemm_launch& how);

// a and b hold a matrix [M, ks[g]] and [N, ks[g]] for each group g, one after the other; d [G, M, N] in FP32.
// ks_tensor: the same numbers as int32 on the operands' device.
void fp8_gemm_k_grouped(const Fp8Gemm1d1dOperands& operands, std::span<const int64_t> ks, const aotgemm_tensor& ks_tensor,
                        const aotgemm_launch& how);

}  // namespace aotgemm
