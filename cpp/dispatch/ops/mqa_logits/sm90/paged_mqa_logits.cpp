// Launcher of the paged_mqa_logits kernels: tensor maps and arguments. Device side:
// cpp/kernels/sm90/paged_mqa_logits/kernel.cuh.
#include <algorithm>

#include "dispatch/base/checks.hpp"
#include "dispatch/ops/mqa_logits/paged.hpp"
#include "dispatch/ops/mqa_logits/sm90/kernels.hpp"
#include "dispatch/ops/mqa_logits/sm90/maps.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/runtime/launch.hpp"
#include "kernels/sm90/paged_mqa_logits/params.hpp"

namespace aotgemm {
namespace {

constexpr int32_t kFewColumns = 64, kManyColumns = 128;  // rows of q and their heads that a kernel multiplies at a time

int32_t columns_of(const PagedMqaLogitsCall& call) {
    return call.rows_of_sequence() * call.heads() > kFewColumns ? kManyColumns : kFewColumns;
}

CUtensorMap keys_map(const PagedMqaLogitsCall& call) {
    const int32_t head_dim = call.head_dim();
    return tensor_map({.data = call.kv_cache.data, .columns = head_dim, .rows = call.block_kv(), .row_bytes = head_dim,
                       .box_columns = head_dim, .box_rows = call.block_kv(), .type = CU_TENSOR_MAP_DATA_TYPE_UINT8,
                       .swizzle = head_swizzle(head_dim), .groups = call.blocks(), .group_bytes = call.block_stride()});
}

CUtensorMap scales_map(const PagedMqaLogitsCall& call) {
    const auto* first = static_cast<const uint8_t*>(call.kv_cache.data) + call.block_kv() * call.head_dim();
    return tensor_map({.data = first, .columns = call.block_kv(), .rows = call.blocks(), .row_bytes = call.block_stride(),
                       .box_columns = call.block_kv(), .box_rows = 1, .type = CU_TENSOR_MAP_DATA_TYPE_FLOAT32,
                       .swizzle = CU_TENSOR_MAP_SWIZZLE_NONE});
}

sm90::PagedMqaLogitsParams parameters_of(const PagedMqaLogitsCall& call) {
    return {.q = heads_map(call.q.data, call.rows() * call.heads(), call.head_dim(), call.head_dim(), columns_of(call)),
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

}  // namespace

void launch_paged_mqa_logits_sm90(const PagedMqaLogitsCall& call, const CudaDevice& device, void* stream) {
    static IndexerKernels kernels{"paged_mqa_logits"};
    const IndexerKernel kernel{call.heads(), call.head_dim(), columns_of(call) == kManyColumns, call.logits.dtype};
    const int cubin = kernels.cubin_for(device, kernel);
    sm90::PagedMqaLogitsParams parameters = parameters_of(call);
    launch(device, cubin,
           {.grid = static_cast<uint32_t>(std::min(usable_sms(device), parameters.slots)),
            .threads = sm90::kMqaThreads,
            .shared_bytes = static_cast<uint32_t>(kCubinSharedBytes[cubin])},
           stream, &parameters);
}

}  // namespace aotgemm
