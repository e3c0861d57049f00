// What the launchers of the indexer's logits have in common.
#pragma once

#include <algorithm>

#include "dispatch/base/settings.hpp"
#include "dispatch/runtime/device.hpp"
#include "dispatch/runtime/tensor_map.hpp"

namespace aotgemm {

// Of rows of a whole head_dim in shared memory.
inline CUtensorMapSwizzle head_swizzle(int32_t head_dim) {
    if (head_dim == 128) return CU_TENSOR_MAP_SWIZZLE_128B;
    return head_dim == 64 ? CU_TENSOR_MAP_SWIZZLE_64B : CU_TENSOR_MAP_SWIZZLE_32B;
}

// A matrix of FP8 rows of head_dim elements, in boxes of whole rows.
inline const CUtensorMap& heads_map(const void* data, int64_t rows, int64_t row_bytes, int32_t head_dim,
                                    int32_t box_rows) {
    return tensor_map({.data = data, .columns = head_dim, .rows = rows, .row_bytes = row_bytes, .box_columns = head_dim,
                       .box_rows = box_rows, .type = CU_TENSOR_MAP_DATA_TYPE_UINT8, .swizzle = head_swizzle(head_dim)});
}

// SMs that a launch may use.
inline int32_t usable_sms(const CudaDevice& device) {
    const int32_t allowed = settings().num_sms.load(std::memory_order_relaxed), there = device.description.num_sms;
    return allowed > 0 ? std::min(allowed, there) : there;
}

}  // namespace aotgemm
