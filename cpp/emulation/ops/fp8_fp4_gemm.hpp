// Family fp8_fp4_gemm on the CPU.
#pragma once

#include <span>

#include "emulation/core/skipped_columns.hpp"
#include "emulation/emulation.hpp"
#include "emulation/sm100/mma.hpp"

namespace aotgemm::emulation {

// A [M, K] or B [N, K]: E4M3, or E2M1 with two codes to a byte, the first in the low four bits: along K with col_stride 1,
// or along M (or N) with row_stride 1. rows and cols count elements, strides bytes. scales [M or N, words]: UE8M0 of gran_k of K each, four to a word.
struct Fp8Fp4Operand {
    MmaType type;
    bool packs_rows;  // E2M1 along M (or N)
    Matrix<const std::uint8_t> codes;
    Matrix<const std::uint32_t> scales;
    int gran_k;  // 32 or 128
};

// Family fp8_fp4_gemm: D = A @ B^T with the scales in each step, one chain over all of K, or C + that chain, added once in
// FP32; rounded to the type of D, which C shares. K is filled up with zeros to a whole step. c.data is null where there is
// no C; with skipped columns there is none.
struct Fp8Fp4Gemm {
    Fp8Fp4Operand a, b;
    Matrix<const void> c;
    Matrix<void> d;
    SkippedColumns skipped{};
};

// Any number of GEMMs whose outputs do not overlap; the threads share the tiles of all of them.
void fp8_fp4_gemm(std::span<const Fp8Fp4Gemm> gemms, OutType type, int threads);

}  // namespace aotgemm::emulation
