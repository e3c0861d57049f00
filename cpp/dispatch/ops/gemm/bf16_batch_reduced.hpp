// D = sum over batches of A @ B^T, family bf16_gemm: checks, then the CPU, or a launch and the ordered sum of its parts.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

struct Bf16BatchReducedOperands {
    const aotgemm_tensor &a, &b;
    const aotgemm_tensor* c;  // or null
    const aotgemm_tensor& d;
    const aotgemm_tensor* workspace;  // or null, where a GPU needs none
};

void bf16_gemm_batch_reduced(const Bf16BatchReducedOperands& operands, const aotgemm_launch& launch);

}  // namespace aotgemm
