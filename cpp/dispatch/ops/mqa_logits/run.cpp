#include "dispatch/ops/mqa_logits/run.hpp"

#include "dispatch/base/settings.hpp"
#include "dispatch/ops/mqa_logits/arithmetic.hpp"
#include "dispatch/ops/mqa_logits/check.hpp"
#include "emulation/ops/mqa_logits.hpp"

namespace aotgemm {
namespace {

void run_on_cpu(const MqaLogitsCall& call, int32_t threads) {
    const aotgemm_tensor &kv = call.kv, &logits = call.logits, &weights = call.weights;
    const auto type = logits.dtype == AOTGEMM_FP32 ? emulation::OutType::fp32 : emulation::OutType::bf16;
    emulation::mqa_logits(
        {.arithmetic = mqa_arithmetic(logits, call.is_fp4()),
         .q = {static_cast<const uint8_t*>(call.q.data), call.rows() * call.heads(), call.row_bytes(), call.row_bytes(), 1},
         .q_scales = call.is_fp4() ? static_cast<const uint32_t*>(call.q_sf->data) : nullptr,
         .heads = call.heads(),
         .k = {static_cast<const uint8_t*>(kv.data), kv.shape[0], kv.shape[1], kv.stride[0], 1},
         .k_scales = call.kv_sf.data,
         .weights = {static_cast<const float*>(weights.data), weights.shape[0], weights.shape[1], weights.stride[0], 1},
         .starts = static_cast<const int32_t*>(call.starts.data),
         .ends = static_cast<const int32_t*>(call.ends.data),
         .logits = {logits.data, logits.shape[0], logits.shape[1], logits.stride[0], 1},
         .compressed = call.compressed,
         .clean = call.clean},
        type, threads);
}

}  // namespace

void run_mqa_logits(const MqaLogitsCall& call, const aotgemm_launch& options) {
    check_mqa_logits(call);
    if (is_empty(call.logits)) return;
    check_mqa_logits_memory(call);
    if (call.logits.device_type == AOTGEMM_CPU) {
        if (!settings().compile_only) run_on_cpu(call, options.cpu_threads);
        return;
    }
    const CudaDevice& device = cuda_device(call.logits.device_id);
    const ContextScope scope(device);
    const auto launcher = is_sm100(call.logits) ? launch_mqa_logits_sm100 : launch_mqa_logits_sm90;
    launcher(call, device, options.stream);
}

}  // namespace aotgemm
