// Tensor-core chains by themselves, for checking the CPU backend against hardware.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

void emulate_wgmma(const aotgemm_tensor& a, const aotgemm_tensor& b, const aotgemm_tensor& d, const aotgemm_launch& options);

}  // namespace aotgemm
