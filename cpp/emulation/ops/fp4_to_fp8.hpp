// Weights in FP4 as FP8, on the CPU.
#pragma once

#include "kernels/common/fp4_to_fp8_params.hpp"

namespace aotgemm::emulation {

void fp4_to_fp8(const Fp4ToFp8Params& params, int threads);

}  // namespace aotgemm::emulation
