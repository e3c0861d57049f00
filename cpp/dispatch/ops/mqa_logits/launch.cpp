#include "dispatch/ops/mqa_logits/launch.hpp"

#include <algorithm>

#include "dispatch/ops/mqa_logits/maps.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/runtime/launch.hpp"

namespace aotgemm {
namespace {

constexpr int32_t kBlockColumns = sm90::kMqaConsumers * sm90::kMqaColumns;  // rows of q of a block, and their heads

// Thread blocks that can have work: a stage each, or rows to clean.
int64_t most_blocks(const MqaLogitsCall& call) {
    const int64_t rows_of_block = kBlockColumns / call.heads();
    const int64_t stages = ceil_div(call.rows(), rows_of_block) * (call.keys() / sm90::kMqaBlockKeys + 2);
    return call.clean ? std::max(stages, call.rows()) : stages;
}

}  // namespace

sm90::MqaLogitsParams mqa_parameters(const MqaLogitsCall& call) {
    const int64_t kv_stride = call.keys() > 1 ? call.kv.stride[0] : call.row_bytes();
    return {.q = heads_map(call.q.data, call.rows() * call.heads(), call.row_bytes(), call.row_bytes(), kBlockColumns),
            .k = heads_map(call.kv.data, call.keys(), kv_stride, call.row_bytes(), sm90::kMqaBlockKeys),
            .k_scales = words_map(call.kv_sf, call.keys(), sm90::kMqaBlockKeys),
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

void launch_mqa(const MqaLogitsCall& call, const CudaDevice& device, void* stream, int cubin, void* parameters) {
    launch(device, cubin,
           {.grid = static_cast<uint32_t>(std::min<int64_t>(usable_sms(device), most_blocks(call))),
            .threads = sm90::kMqaThreads,
            .shared_bytes = static_cast<uint32_t>(kCubinSharedBytes[cubin])},
           stream, parameters);
}

}  // namespace aotgemm
