// A or B of family bf16_gemm as its definition has them: rows of D (or columns) by K, whatever lies adjacent in memory.
#pragma once

#include "dispatch/base/checks.hpp"

namespace aotgemm {

struct Bf16Factor {
    const void* data;
    int64_t rows, k, row_stride, k_stride;
    int64_t groups, group_stride;  // 0 groups: the tensor has no such dimension
    bool is_mn_major;              // M (or N) is adjacent in memory, not K
};

// transposed: the last two dimensions are K and M (or N), not M (or N) and K.
Bf16Factor bf16_factor(const aotgemm_tensor& tensor, bool transposed);

// Fails unless a tensor map can address the operand one way or the other, and notes which. The order of its dimensions,
// by which bf16_factor goes, decides where the strides leave that open, and is what the failure speaks of.
void find_major(const Operand& operand, bool transposed, Bf16Factor& factor);

// "nt", "nn", "tn" or "tt", as the operands lie in memory.
const char* layout_of(const Bf16Factor& a, const Bf16Factor& b);

}  // namespace aotgemm
