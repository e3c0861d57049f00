// What the launchers of the indexer's logits have in common.
#pragma once

#include <algorithm>

#include "aotgemm/aotgemm.h"
#include "dispatch/base/checks.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/runtime/device.hpp"
#include "dispatch/runtime/tensor_map.hpp"

namespace aotgemm {

// Of rows of a whole head in shared memory, `bytes` wide.
inline CUtensorMapSwizzle head_swizzle(int32_t bytes) {
    if (bytes == 128) return CU_TENSOR_MAP_SWIZZLE_128B;
    return bytes == 64 ? CU_TENSOR_MAP_SWIZZLE_64B : CU_TENSOR_MAP_SWIZZLE_32B;
}

// A matrix of heads, FP8 or packed FP4, `bytes` each and row_bytes apart, in boxes of whole rows.
inline const CUtensorMap& heads_map(const void* data, int64_t rows, int64_t row_bytes, int32_t bytes, int32_t box_rows) {
    return tensor_map({.data = data, .columns = bytes, .rows = rows, .row_bytes = row_bytes, .box_columns = bytes,
                       .box_rows = box_rows, .type = CU_TENSOR_MAP_DATA_TYPE_UINT8, .swizzle = head_swizzle(bytes)});
}

// FP4's scales are words of four UE8M0.
inline CUtensorMapDataType scale_type(bool is_fp4) {
    return is_fp4 ? CU_TENSOR_MAP_DATA_TYPE_INT32 : CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
}

// Scales of `count` heads or keys, 4 bytes each and adjacent, in boxes of `box` of them.
inline const CUtensorMap& words_map(const aotgemm_tensor& scales, int64_t count, int32_t box) {
    return tensor_map({.data = scales.data, .columns = count, .rows = 1, .row_bytes = align_up(count * 4, 16),
                       .box_columns = box, .box_rows = 1, .type = scale_type(scales.dtype == AOTGEMM_INT32),
                       .swizzle = CU_TENSOR_MAP_SWIZZLE_NONE});
}

// SMs that a launch may use.
inline int32_t usable_sms(const CudaDevice& device) {
    const int32_t allowed = settings().num_sms.load(std::memory_order_relaxed), there = device.description.num_sms;
    return allowed > 0 ? std::min(allowed, there) : there;
}

}  // namespace aotgemm
