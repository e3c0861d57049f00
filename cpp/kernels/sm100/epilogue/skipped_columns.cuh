// Columns of D that are not written: D may have heads, each with columns in its middle that belong to somebody else.
#pragma once

#include <cstdint>

#include "sm100/gemm_params.hpp"

namespace aotgemm::sm100 {

// Of families whose D has no heads.
__device__ __forceinline__ bool skips_columns(const GemmParams&) { return false; }
__device__ __forceinline__ int32_t column_of_d(const GemmParams&, int32_t column) { return column; }

__device__ __forceinline__ bool skips_columns(const HeadParams& params) { return params.head_mid != 0; }

// Where the sum of a column of B goes. 16 bytes of D are written as a whole, for all numbers of columns are multiples of 8.
__device__ __forceinline__ int32_t column_of_d(const HeadParams& params, int32_t column) {
    if (params.head_mid == 0) return column;
    const int32_t head = column / params.head_columns, in_head = column - head * params.head_columns;
    return column + (head + (in_head < params.head_left ? 0 : 1)) * params.head_mid;
}

}  // namespace aotgemm::sm100
