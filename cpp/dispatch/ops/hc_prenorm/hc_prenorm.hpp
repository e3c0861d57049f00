// The call tf32_hc_prenorm_gemm: checked, then computed on the CPU or launched.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// num_splits 0: d and sqr_sum have no dimension of splits.
void tf32_hc_prenorm_gemm(const aotgemm_tensor& a, const aotgemm_tensor& b, const aotgemm_tensor& d,
                          const aotgemm_tensor& sqr_sum, int64_t num_splits, const aotgemm_launch& options);

}  // namespace aotgemm
