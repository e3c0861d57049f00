#include "dispatch/ops/gemm/sm90/maps.hpp"

namespace aotgemm::sm90 {
namespace {

CUtensorMapDataType map_type(int32_t dtype) {
    if (dtype == AOTGEMM_FP8_E4M3) return CU_TENSOR_MAP_DATA_TYPE_UINT8;
    if (dtype == AOTGEMM_INT32) return CU_TENSOR_MAP_DATA_TYPE_INT32;
    return dtype == AOTGEMM_BF16 ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 : CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
}

}  // namespace

const CUtensorMap& map_of(const OperandView& view, MapBox box, CUtensorMapSwizzle swizzle) {
    const LegalStrides strides = legal_strides(view);
    return tensor_map({.data = view.data,
                       .columns = view.is_mn_major ? view.rows : view.columns,
                       .rows = view.is_mn_major ? view.columns : view.rows,
                       .row_bytes = strides.outer * view.bytes(),
                       .box_columns = box.inner,
                       .box_rows = box.outer,
                       .type = map_type(view.dtype),
                       .swizzle = swizzle,
                       .groups = view.groups,
                       .group_bytes = strides.group * view.bytes()});
}

const CUtensorMap& fp8_map_of(const OperandView& view, int32_t box_rows) {
    return map_of(view, {.inner = 128, .outer = box_rows}, CU_TENSOR_MAP_SWIZZLE_128B);
}

const CUtensorMap& scale_map_of(const OperandView& scales, int32_t box_rows, int32_t box_k_blocks) {
    OperandView view = scales;
    view.is_mn_major = true;
    return map_of(view, {.inner = box_rows, .outer = box_k_blocks}, CU_TENSOR_MAP_SWIZZLE_NONE);
}

}  // namespace aotgemm::sm90
