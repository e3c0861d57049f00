// Launcher of the scale layout kernel. Device side: cpp/kernels/common/sf_layout.cuh.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

bool sf_is_aligned(const aotgemm_tensor& sf);
void sf_to_mn_major(const aotgemm_tensor& sf, const aotgemm_tensor& out, const aotgemm_launch& launch);

}  // namespace aotgemm
