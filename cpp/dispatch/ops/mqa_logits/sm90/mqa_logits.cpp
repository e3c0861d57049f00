// Launcher of the mqa_logits kernels. Device side: cpp/kernels/sm90/mqa_logits/kernel.cuh.
#include "dispatch/ops/mqa_logits/launch.hpp"
#include "dispatch/ops/mqa_logits/run.hpp"
#include "dispatch/ops/mqa_logits/sm90/kernels.hpp"

namespace aotgemm {

void launch_mqa_logits_sm90(const MqaLogitsCall& call, const CudaDevice& device, void* stream) {
    static IndexerKernels kernels{"mqa_logits"};
    const int cubin = kernels.cubin_for(device, {call.heads(), call.row_bytes(), false, call.logits.dtype});
    sm90::MqaLogitsParams parameters = mqa_parameters(call);
    launch_mqa(call, device, stream, cubin, &parameters);
}

}  // namespace aotgemm
