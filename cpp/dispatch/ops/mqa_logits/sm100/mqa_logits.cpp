// Launcher of the mqa_logits kernels of sm_100a. Device side: cpp/kernels/sm100/mqa_logits/kernel.cuh.
#include "dispatch/ops/mqa_logits/launch.hpp"
#include "dispatch/ops/mqa_logits/maps.hpp"
#include "dispatch/ops/mqa_logits/run.hpp"
#include "dispatch/ops/mqa_logits/sm100/kernels.hpp"
#include "kernels/sm100/mqa_logits/params.hpp"

namespace aotgemm {

void launch_mqa_logits_sm100(const MqaLogitsCall& call, const CudaDevice& device, void* stream) {
    static Sm100IndexerKernels kernels{{{Conversion{"mqa_logits_h8_fp8"}, Conversion{"mqa_logits_h8_fp4"}},
                                        {Conversion{"mqa_logits_h16_fp8"}, Conversion{"mqa_logits_h16_fp4"}},
                                        {Conversion{"mqa_logits_h32_fp8"}, Conversion{"mqa_logits_h32_fp4"}},
                                        {Conversion{"mqa_logits_h64_fp8"}, Conversion{"mqa_logits_h64_fp4"}}}};
    const int cubin = kernels.cubin_for(device, call.heads(), call.is_fp4());
    sm100::MqaLogitsParams parameters{mqa_parameters(call), {}, {}};
    parameters.format = {call.row_bytes(), call.logits.dtype == AOTGEMM_BF16 ? 1 : 0};
    if (call.is_fp4()) {
        const int32_t columns = sm100::kMqaTilesOfStage * sm100::kMqaTileColumns;
        parameters.q_scales = words_map(*call.q_sf, call.rows() * call.heads(), columns);
    }
    launch_mqa(call, device, stream, cubin, &parameters);
}

}  // namespace aotgemm
