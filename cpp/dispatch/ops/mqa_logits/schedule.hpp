// The schedule of paged logits. Device side: cpp/kernels/common/paged_mqa_schedule.cuh.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

void paged_mqa_schedule(const aotgemm_tensor& context_lens, int32_t block_kv, const aotgemm_tensor& schedule,
                        const aotgemm_launch& options);

}  // namespace aotgemm
