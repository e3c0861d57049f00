// Launcher of the casts to FP8. Device side: cpp/kernels/common/cast_fp8.cuh.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// One scale per block of block_rows (1 or 128) x 128.
void cast_to_fp8(const aotgemm_tensor& x, const aotgemm_tensor& q, const aotgemm_tensor& sf, int32_t block_rows,
                 bool use_ue8m0, const aotgemm_launch& options);

}  // namespace aotgemm
