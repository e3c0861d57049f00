// Scales that are powers of two, packed. Device side: cpp/kernels/common/pack_ue8m0.cuh.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// psum_layout: null, or where the groups of rows end.
void pack_ue8m0(const aotgemm_tensor& sf, const aotgemm_tensor& out, const aotgemm_tensor* psum_layout,
                int64_t rows_per_scale, const aotgemm_launch& options);

void pack_ue8m0_k_grouped(const aotgemm_tensor& sf, const aotgemm_tensor& out, const aotgemm_tensor& grouped_layout,
                          int32_t gran_k, int32_t k_alignment, bool use_psum, const aotgemm_launch& options);

}  // namespace aotgemm
