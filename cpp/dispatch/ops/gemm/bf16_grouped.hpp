// Grouped and batched calls of family bf16_gemm: checks, then the CPU or a launch (bf16_launch.hpp).
#pragma once

#include "dispatch/ops/gemm/fp8_grouped.hpp"

namespace aotgemm {

struct Bf16GroupedOperands {
    const aotgemm_tensor &a, &b, &d;
    const aotgemm_tensor* index;  // null if batched
    Grouping grouping;
    int64_t expected_m;  // rows to expect in a group, a hint for the selection; 0 if unknown
};

// layout: "nt", or "nn" for B [G, K, N].
void bf16_gemm_grouped(const char* layout, const Bf16GroupedOperands& operands, const aotgemm_launch& how);

struct Bf16KGroupedOperands {
    const aotgemm_tensor &a, &b;
    const aotgemm_tensor* c;  // or null
    const aotgemm_tensor& d;
    const int32_t* ks;  // one for each group of d, on the host
    int32_t ks_count;
    const aotgemm_tensor& ks_tensor;  // the same on the operands' device
};

void bf16_gemm_k_grouped(const Bf16KGroupedOperands& operands, const aotgemm_launch& how);

}  // namespace aotgemm
