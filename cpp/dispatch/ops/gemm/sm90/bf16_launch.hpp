// Launcher of family bf16_gemm in every grouping. Device side: cpp/kernels/sm90/bf16.cuh.
#pragma once

#include "dispatch/ops/gemm/bf16_factor.hpp"

namespace aotgemm {

struct Bf16Launch {
    const char* grouping;
    Bf16Factor a, b;
    const aotgemm_tensor& d;
    const aotgemm_tensor* c;      // or null
    const aotgemm_tensor* index;  // of the groups, on the device; null where the grouping has none
    int64_t groups;               // 0 in batch_reduced alone: sums over nothing
    int64_t expected_m;  // rows to expect in a group, a hint for the selection; 0 if unknown
};

// What the selection and a plan know of a call. Which dimension of A and B is adjacent must be noted in them.
aotgemm_problem bf16_problem(const Bf16Launch& operands);

// Operands have been checked and find_major has seen A and B; neither M nor N is 0.
void launch_bf16(const Bf16Launch& operands, const aotgemm_launch& how);

// Bytes of an element of D.
inline int32_t bf16_out_bytes(const aotgemm_tensor& d) { return d.dtype == AOTGEMM_FP32 ? 4 : 2; }

}  // namespace aotgemm
