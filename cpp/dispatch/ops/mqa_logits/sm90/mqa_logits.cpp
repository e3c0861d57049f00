// Launcher of the mqa_logits kernels: tensor maps and arguments. Device side: cpp/kernels/sm90/mqa_logits/kernel.cuh.
#include <algorithm>

#include "dispatch/ops/mqa_logits/run.hpp"
#include "dispatch/ops/mqa_logits/sm90/kernels.hpp"
#include "dispatch/ops/mqa_logits/sm90/maps.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/runtime/launch.hpp"
#include "dispatch/runtime/tensor_map.hpp"
#include "kernels/sm90/mqa_logits/params.hpp"

namespace aotgemm {
namespace {

CUtensorMap scales_map(const MqaLogitsCall& call) {
    return tensor_map({.data = call.kv_sf.data, .columns = call.keys(), .rows = 1,
                       .row_bytes = align_up(call.keys() * 4, 16), .box_columns = sm90::kMqaBlockKeys, .box_rows = 1,
                       .type = CU_TENSOR_MAP_DATA_TYPE_FLOAT32, .swizzle = CU_TENSOR_MAP_SWIZZLE_NONE});
}

sm90::MqaLogitsParams parameters_of(const MqaLogitsCall& call) {
    const int64_t kv_stride = call.keys() > 1 ? call.kv.stride[0] : call.head_dim();
    return {.q = heads_map(call.q.data, call.rows() * call.heads(), call.head_dim(), call.head_dim(),
                          sm90::kMqaConsumers * sm90::kMqaColumns),
            .k = heads_map(call.kv.data, call.keys(), kv_stride, call.head_dim(), sm90::kMqaBlockKeys),
            .k_scales = scales_map(call),
            .weights = static_cast<const float*>(call.weights.data),
            .weights_row_stride = call.weights.stride[0],
            .starts = static_cast<const int32_t*>(call.starts.data),
            .ends = static_cast<const int32_t*>(call.ends.data),
            .logits = call.logits.data,
            .logits_row_stride = call.logits.stride[0],
            .width = call.logits.shape[1],
            .rows = static_cast<int32_t>(call.rows()),
            .keys = static_cast<int32_t>(call.keys()),
            .compressed = call.compressed ? 1 : 0,
            .clean = call.clean ? 1 : 0};
}

// Thread blocks that can have work: a stage each, or rows to clean.
int64_t most_blocks(const MqaLogitsCall& call) {
    const int64_t rows_of_block = sm90::kMqaConsumers * sm90::kMqaColumns / call.heads();
    const int64_t stages = ceil_div(call.rows(), rows_of_block) * (call.keys() / sm90::kMqaBlockKeys + 2);
    return call.clean ? std::max(stages, call.rows()) : stages;
}

}  // namespace

void launch_mqa_logits_sm90(const MqaLogitsCall& call, const CudaDevice& device, void* stream) {
    static IndexerKernels kernels{"mqa_logits"};
    const int cubin = kernels.cubin_for(device, {call.heads(), call.head_dim(), false, call.logits.dtype});
    sm90::MqaLogitsParams parameters = parameters_of(call);
    launch(device, cubin,
           {.grid = static_cast<uint32_t>(std::min<int64_t>(usable_sms(device), most_blocks(call))),
            .threads = sm90::kMqaThreads,
            .shared_bytes = static_cast<uint32_t>(kCubinSharedBytes[cubin])},
           stream, &parameters);
}

}  // namespace aotgemm
