// Casts to FP8 on the CPU.
#pragma once

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

enum class CastInput { bf16, fp32 };

// Casts to FP8 E4M3 with one scale per block_rows x 128 block (block_rows is 1 or 128).
void cast_to_fp8(CastInput type, Matrix<const void> x, Matrix<std::uint8_t> q, Matrix<float> sf, int block_rows,
                 bool use_ue8m0, int threads);

}  // namespace aotgemm::emulation
