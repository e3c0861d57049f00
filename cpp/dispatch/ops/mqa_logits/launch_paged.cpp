#include "dispatch/ops/mqa_logits/launch_paged.hpp"

#include <algorithm>

#include "dispatch/base/checks.hpp"
#include "dispatch/ops/mqa_logits/maps.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/runtime/launch.hpp"

namespace aotgemm {
namespace {

// On an H200 (2026-11-29), blocks of 64 keys of 128 bytes, seven of nine sizes took 1 to 7% less time than with 256 bytes,
// the others as much.
constexpr CUtensorMapL2promotion kPromotion = CU_TENSOR_MAP_L2_PROMOTION_L2_128B;

CUtensorMap keys_map(const PagedMqaLogitsCall& call) {
    const int32_t bytes = call.row_bytes();
    return tensor_map({.data = call.kv_cache.data, .columns = bytes, .rows = call.block_kv(), .row_bytes = bytes,
                       .box_columns = bytes, .box_rows = call.block_kv(), .type = CU_TENSOR_MAP_DATA_TYPE_UINT8,
                       .swizzle = head_swizzle(bytes), .groups = call.blocks(), .group_bytes = call.block_stride(),
                       .promotion = kPromotion});
}

CUtensorMap scales_map(const PagedMqaLogitsCall& call) {
    const auto* first = static_cast<const uint8_t*>(call.kv_cache.data) + call.block_kv() * call.row_bytes();
    return tensor_map({.data = first, .columns = call.block_kv(), .rows = call.blocks(), .row_bytes = call.block_stride(),
                       .box_columns = call.block_kv(), .box_rows = 1, .type = scale_type(call.is_fp4()),
                       .swizzle = CU_TENSOR_MAP_SWIZZLE_NONE, .promotion = kPromotion});
}

}  // namespace

sm90::PagedMqaLogitsParams paged_mqa_parameters(const PagedMqaLogitsCall& call, int32_t columns) {
    return {.q = heads_map(call.q.data, call.rows() * call.heads(), call.row_bytes(), call.row_bytes(), columns),
            .k = keys_map(call),
            .k_scales = scales_map(call),
            .weights = static_cast<const float*>(call.weights.data),
            .weights_row_stride = call.weights.stride[0],
            .lengths = call.lengths(),
            .lengths_stride = call.rows_of_sequence(),
            .block_table = static_cast<const int32_t*>(call.block_table.data),
            .block_table_stride = call.block_table.stride[0],
            .schedule = static_cast<const int32_t*>(call.schedule.data),
            .logits = call.logits.data,
            .logits_row_stride = call.logits.stride[0],
            .width = call.logits.shape[1],
            .slots = static_cast<int32_t>(call.schedule.shape[0] - 1),
            .sequences = static_cast<int32_t>(call.sequences()),
            .rows_of_sequence = static_cast<int32_t>(call.rows_of_sequence()),
            .block_keys = call.block_kv(),
            .table_blocks = static_cast<int32_t>(call.block_table.shape[1])};
}

void launch_paged_mqa(const PagedMqaLogitsCall& call, const CudaDevice& device, void* stream, int cubin, void* parameters) {
    const auto slots = static_cast<int32_t>(call.schedule.shape[0] - 1);
    launch(device, cubin,
           {.grid = static_cast<uint32_t>(std::min(usable_sms(device), slots)),
            .threads = sm90::kMqaThreads,
            .shared_bytes = static_cast<uint32_t>(kCubinSharedBytes[cubin])},
           stream, parameters);
}

}  // namespace aotgemm
