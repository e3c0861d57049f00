// Casts to FP8 E4M3 with a scale for each index of some dimensions. Device side: cpp/kernels/common/cast_dims.cuh.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

void cast_dims(const aotgemm_tensor& x, const aotgemm_tensor& q, const aotgemm_tensor& sf, bool use_ue8m0,
               const aotgemm_launch& options);

}  // namespace aotgemm
