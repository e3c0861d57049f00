// What the dense and the grouped calls of family bf16_gemm share: checks, and the CPU backend on part of the operands.
#pragma once

#include "dispatch/ops/gemm/bf16_factor.hpp"

namespace aotgemm {

void check_bf16_dtypes(const aotgemm_tensor& a, const aotgemm_tensor& b);

// C has the dtype, the shape and the device of D.
void check_bf16_c(const aotgemm_tensor& c, const aotgemm_tensor& d);

// N a multiple of 8, and sizes that the TMA can count.
void check_bf16_sizes(int64_t groups, int64_t m, int64_t n, int64_t k);

// Layouts of D and C that a GPU can address; c may be null.
void check_bf16_outputs(const aotgemm_tensor& d, const aotgemm_tensor* c);

// `count` rows from `first` on, of group `group` where a tensor has that dimension.
struct Bf16Part {
    const Bf16Factor &a, &b;
    const aotgemm_tensor& d;
    const aotgemm_tensor* c;
    int64_t group, first, count;
};
void run_bf16_on_cpu(const Bf16Part& part, int threads);

}  // namespace aotgemm
