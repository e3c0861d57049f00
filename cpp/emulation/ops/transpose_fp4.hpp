// Packed FP4 codes with rows and columns exchanged, on the CPU.
#pragma once

#include "kernels/common/transpose_fp4_params.hpp"

namespace aotgemm::emulation {

void transpose_fp4(const TransposeFp4Params& params, int threads);

}  // namespace aotgemm::emulation
