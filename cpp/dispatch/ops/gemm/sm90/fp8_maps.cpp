#include "dispatch/ops/gemm/sm90/fp8_maps.hpp"

#include <utility>

#include "dispatch/base/checks.hpp"

namespace aotgemm {

const CUtensorMap& map_of(const aotgemm_tensor& t, int32_t element_bytes, int32_t box_columns, int32_t box_rows,
                          CUtensorMapDataType type, CUtensorMapSwizzle swizzle) {
    const int row = t.ndim - 2;
    const int64_t row_bytes = stride_of(t, row, align_up(t.shape[row + 1], 16)) * element_bytes;
    TensorMapKey key{t.data, t.shape[row + 1], t.shape[row], row_bytes, box_columns, box_rows, type, swizzle};
    if (row == 1) {
        key.groups = t.shape[0];
        key.group_bytes = stride_of(t, 0, align_up(t.shape[1] * t.shape[2], 16)) * element_bytes;
    }
    return tensor_map(key);
}

const CUtensorMap& fp8_map_of(const aotgemm_tensor& t, int32_t box_rows) {
    return map_of(t, 1, 128, box_rows, CU_TENSOR_MAP_DATA_TYPE_UINT8, CU_TENSOR_MAP_SWIZZLE_128B);
}

const CUtensorMap& scale_map_of(const aotgemm_tensor& sf, int32_t box_columns, int32_t box_rows) {
    aotgemm_tensor transposed = sf;
    const int row = sf.ndim - 2;
    std::swap(transposed.shape[row], transposed.shape[row + 1]);
    transposed.stride[row] = stride_of(sf, row + 1, align_up(sf.shape[row], 4));
    return map_of(transposed, 4, box_columns, box_rows, CU_TENSOR_MAP_DATA_TYPE_FLOAT32, CU_TENSOR_MAP_SWIZZLE_NONE);
}

}  // namespace aotgemm
