// The launch of paged_mqa_logits, for every architecture: their kernels take the same arguments, and sm_100a's some more.
#pragma once

#include "dispatch/ops/mqa_logits/paged.hpp"
#include "dispatch/runtime/device.hpp"
#include "kernels/sm90/paged_mqa_logits/params.hpp"

namespace aotgemm {

// columns: rows of q and their heads that the kernel multiplies at a time.
sm90::PagedMqaLogitsParams paged_mqa_parameters(const PagedMqaLogitsCall& call, int32_t columns);

// parameters: those of the cubin, which begin as above.
void launch_paged_mqa(const PagedMqaLogitsCall& call, const CudaDevice& device, void* stream, int cubin, void* parameters);

}  // namespace aotgemm
