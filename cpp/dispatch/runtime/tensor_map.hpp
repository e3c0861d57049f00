// Tensor maps: how the TMA finds a tensor in memory. Pure functions of their arguments, so they are kept per thread.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace aotgemm {

// A matrix (or `groups` of them, group_bytes apart) of `rows` rows of `columns` elements, of which boxes of box_rows x box_columns are moved.
struct TensorMapKey {
    const void* data;
    int64_t columns, rows;
    int64_t row_bytes;  // distance between rows
    int32_t box_columns, box_rows;
    CUtensorMapDataType type;
    CUtensorMapSwizzle swizzle;
    int64_t groups = 0, group_bytes = 0;  // 0 groups: a map of two dimensions
    CUtensorMapL2promotion promotion = CU_TENSOR_MAP_L2_PROMOTION_L2_256B;

    bool operator==(const TensorMapKey&) const = default;
};

const CUtensorMap& tensor_map(const TensorMapKey& key);

}  // namespace aotgemm
