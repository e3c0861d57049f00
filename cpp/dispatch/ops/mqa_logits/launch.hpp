// The launch of mqa_logits, for every architecture: their kernels take the same arguments, and sm_100a's some more.
#pragma once

#include "dispatch/ops/mqa_logits/call.hpp"
#include "dispatch/runtime/device.hpp"
#include "kernels/sm90/mqa_logits/params.hpp"

namespace aotgemm {

sm90::MqaLogitsParams mqa_parameters(const MqaLogitsCall& call);

// parameters: those of the cubin, which begin as above.
void launch_mqa(const MqaLogitsCall& call, const CudaDevice& device, void* stream, int cubin, void* parameters);

}  // namespace aotgemm
