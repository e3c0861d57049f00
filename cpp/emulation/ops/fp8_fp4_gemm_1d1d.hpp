// Family fp8_fp4_gemm_1d1d on the CPU.
#pragma once

#include <span>

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

// Family fp8_fp4_gemm_1d1d: as fp8_gemm_1d1d with B in FP4 words of eight codes and words of scales, one for a row and 128
// columns (kernels/common/fp4_words.hpp). Columns of `words` count codes, those past A's are not read; its strides count
// words. D and C are BF16; c.data is null where there is no C.
struct Fp8Fp4Gemm1d1d {
    Matrix<const std::uint8_t> a;
    Matrix<const float> sfa;
    Matrix<const std::uint32_t> words, scales;
    Matrix<const void> c;
    Matrix<void> d;
};

void fp8_fp4_gemm_1d1d(std::span<const Fp8Fp4Gemm1d1d> gemms, int threads);

}  // namespace aotgemm::emulation
