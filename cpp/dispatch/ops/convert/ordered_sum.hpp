// Launcher of the ordered sum. Device side: cpp/kernels/common/ordered_sum.cuh.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// d = parts[0] + parts[1] + ... in that order, then c + that if c is not null. parts: FP32 [count, M, N], contiguous.
// Operands are on a GPU and have been checked; count is not 0. The CPU's is in cpp/emulation/bf16_batch_reduced.cpp.
void ordered_sum(const aotgemm_tensor& parts, const aotgemm_tensor* c, const aotgemm_tensor& d,
                 const aotgemm_launch& launch);

}  // namespace aotgemm
