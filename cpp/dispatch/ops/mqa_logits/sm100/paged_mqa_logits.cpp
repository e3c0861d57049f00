// Launcher of the paged_mqa_logits kernels of sm_100a. Device side: cpp/kernels/sm100/paged_mqa_logits/kernel.cuh.
#include <algorithm>

#include "dispatch/base/checks.hpp"
#include "dispatch/ops/mqa_logits/launch_paged.hpp"
#include "dispatch/ops/mqa_logits/maps.hpp"
#include "dispatch/ops/mqa_logits/sm100/kernels.hpp"
#include "kernels/sm100/paged_mqa_logits/params.hpp"

namespace aotgemm {
namespace {

int32_t columns_of(const PagedMqaLogitsCall& call) {
    const int64_t needed = align_up(call.rows_of_sequence() * call.heads(), int64_t{sm100::kMqaColumnStep});
    return static_cast<int32_t>(std::min<int64_t>(needed, sm100::kMqaTileColumns));
}

}  // namespace

void launch_paged_mqa_logits_sm100(const PagedMqaLogitsCall& call, const CudaDevice& device, void* stream) {
    static Sm100IndexerKernels kernels{
        {{Conversion{"paged_mqa_logits_h8_fp8"}, Conversion{"paged_mqa_logits_h8_fp4"}},
         {Conversion{"paged_mqa_logits_h16_fp8"}, Conversion{"paged_mqa_logits_h16_fp4"}},
         {Conversion{"paged_mqa_logits_h32_fp8"}, Conversion{"paged_mqa_logits_h32_fp4"}},
         {Conversion{"paged_mqa_logits_h64_fp8"}, Conversion{"paged_mqa_logits_h64_fp4"}}}};
    const int cubin = kernels.cubin_for(device, call.heads(), call.is_fp4());
    const int32_t columns = columns_of(call);
    sm100::PagedMqaLogitsParams parameters{paged_mqa_parameters(call, columns), {}, {}, columns};
    parameters.format = {call.row_bytes(), call.logits.dtype == AOTGEMM_BF16 ? 1 : 0};
    if (call.is_fp4()) parameters.q_scales = words_map(*call.q_sf, call.rows() * call.heads(), columns);
    launch_paged_mqa(call, device, stream, cubin, &parameters);
}

}  // namespace aotgemm
