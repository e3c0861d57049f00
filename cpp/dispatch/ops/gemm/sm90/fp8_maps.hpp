// Tensor maps of FP8 operands, their scales and their outputs.
#pragma once

#include "aotgemm/aotgemm.h"
#include "dispatch/runtime/tensor_map.hpp"

namespace aotgemm {

// Of dimension `i`, also where its size is 1 and its stride says nothing: then any will do, and `instead` is legal.
inline int64_t stride_of(const aotgemm_tensor& t, int i, int64_t instead) { return t.shape[i] > 1 ? t.stride[i] : instead; }

// The map of a matrix or, with three dimensions, of a batch of them. box: columns, rows.
const CUtensorMap& map_of(const aotgemm_tensor& t, int32_t element_bytes, int32_t box_columns, int32_t box_rows,
                          CUtensorMapDataType type, CUtensorMapSwizzle swizzle);

// An operand, 128 columns at a time.
const CUtensorMap& fp8_map_of(const aotgemm_tensor& t, int32_t box_rows);

// Scales by row, K blocks as rows of the map: MN-major, so its columns are the rows of the operand.
const CUtensorMap& scale_map_of(const aotgemm_tensor& sf, int32_t box_columns, int32_t box_rows);

}  // namespace aotgemm
