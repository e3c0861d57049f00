// Packed FP4 times its scales, in FP32, on the CPU.
#pragma once

#include "kernels/common/fp4_to_fp32_params.hpp"

namespace aotgemm::emulation {

void fp4_to_fp32(const Fp4ToFp32Params& params, int threads);

}  // namespace aotgemm::emulation
