// Family fp8_gemm_1d2d on the CPU.
#pragma once

#include <span>

#include "emulation/core/skipped_columns.hpp"
#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

// Family fp8_gemm_1d2d: D = bf16(sum over K blocks of chain(A, B) * (sfa * sfb)), promoted in ascending order with fma.
struct Fp8Gemm1d2d {
    Matrix<const std::uint8_t> a;
    Matrix<const float> sfa;
    Matrix<const std::uint8_t> b;
    Matrix<const float> sfb;
    Matrix<std::uint16_t> d;
    SkippedColumns skipped{};
};

// Any number of GEMMs whose outputs do not overlap; the threads share the tiles of all of them.
void fp8_gemm_1d2d(std::span<const Fp8Gemm1d2d> gemms, int threads);

}  // namespace aotgemm::emulation
