// Casts to FP8 E4M3 with a scale for several rows on the CPU.
#pragma once

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

struct CastBlocks {
    bool is_bf16;  // x, or else FP32
    Matrix<const void> x;
    Matrix<std::uint8_t> q;
    Matrix<float> sf;
    std::int64_t block_rows, block_columns;
    bool use_ue8m0;
};

void cast_blocks(const CastBlocks& cast, int threads);

}  // namespace aotgemm::emulation
