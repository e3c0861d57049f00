// Tensor maps of the operands of a GEMM.
#pragma once

#include "dispatch/ops/gemm/views.hpp"
#include "dispatch/runtime/tensor_map.hpp"

namespace aotgemm::sm90 {

// The map of a matrix or of a batch of them. A box has `inner` adjacent elements in each of `outer` lines.
struct MapBox {
    int32_t inner, outer;
};
const CUtensorMap& map_of(const OperandView& view, MapBox box, CUtensorMapSwizzle swizzle);

// An FP8 operand, 128 columns at a time.
const CUtensorMap& fp8_map_of(const OperandView& view, int32_t box_rows);

// Scales by row, MN-major.
const CUtensorMap& scale_map_of(const OperandView& scales, int32_t box_rows, int32_t box_k_blocks);

}  // namespace aotgemm::sm90
