// The indexer's logits. Device side: cpp/kernels/sm90/mqa_logits and cpp/kernels/sm100/mqa_logits.
#pragma once

#include "dispatch/ops/mqa_logits/call.hpp"
#include "dispatch/runtime/device.hpp"

namespace aotgemm {

// Checks the call, then runs it on the CPU or launches it.
void run_mqa_logits(const MqaLogitsCall& call, const aotgemm_launch& options);

// On a GPU of that architecture whose context is current; the call has been checked and has rows and columns.
void launch_mqa_logits_sm90(const MqaLogitsCall& call, const CudaDevice& device, void* stream);
void launch_mqa_logits_sm100(const MqaLogitsCall& call, const CudaDevice& device, void* stream);

}  // namespace aotgemm
