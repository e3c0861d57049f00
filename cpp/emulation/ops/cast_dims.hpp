// Casts to FP8 E4M3 with a scale for each index of some dimensions, on the CPU.
#pragma once

#include "kernels/common/cast_dims_params.hpp"

namespace aotgemm::emulation {

void cast_dims(const CastDimsParams& params, bool is_bf16, int threads);

}  // namespace aotgemm::emulation
