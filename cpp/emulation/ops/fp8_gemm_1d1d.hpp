// Family fp8_gemm_1d1d on the CPU.
#pragma once

#include <span>

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

// Family fp8_gemm_1d1d: as fp8_gemm_1d2d with a scale of B for each of its rows (sfb [b.rows, K blocks]). C and D have
// one type; C is added to the result in FP32 before the rounding; c.data is null where there is no C.
struct Fp8Gemm1d1d {
    Matrix<const std::uint8_t> a;
    Matrix<const float> sfa;
    Matrix<const std::uint8_t> b;
    Matrix<const float> sfb;
    Matrix<const void> c;
    Matrix<void> d;
};

void fp8_gemm_1d1d(std::span<const Fp8Gemm1d1d> gemms, OutType type, int threads);

}  // namespace aotgemm::emulation
