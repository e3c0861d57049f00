// One K step of Blackwell's tcgen05.mma, by kind: what one instruction adds to its accumulators. The CPU backend's chains
// are made of these steps, one after the other.
//
// The rule, for f16, tf32, f8f6f4 and mxf8f6f4, is that of wgmma for BF16 and TF32 (sm90/mma_bf16_tf32_step.hpp): products
// and accumulator are aligned to the largest exponent among them, truncated toward zero to 25 fraction bits, summed
// exactly, and the sum is truncated toward zero to FP32. A product's significand is not normalised; its exponent is the
// sum of its factors' exponents and, with block scales, of the two UE8M0 scales'. Subnormals have their format's least
// exponent. mxf4 is another rule: see mxf4_step.hpp.
//
// What this rests on:
// - f16 and tf32: 15,000 steps recorded on an NVIDIA B200 (tests/data/README.md) give the same bits, 0 differing. They
//   were recorded through wmma; that tcgen05.mma computes alike is inferred.
// - f8f6f4, mxf8f6f4, mxf4: the model of MMA-Sim (arXiv 2511.10909), whose authors measured it. E2M1 with 32 of K is in
//   nobody's measurements; its least exponent is taken to be 0 (0.5 is 0.1b x 2^0).
// - M, N, CTA pairs and exchanged operands do not change a bit: inferred.
// - A zero product has no part in the alignment, whatever its scales, and a zero accumulator counts as -133: measured on
//   an H100 for wgmma, inferred here.
// - NaN and infinity: special_values.hpp, measured on an H100. A scale of 0xFF is NaN, and makes all outputs of its row or
//   column 0x7FFFFFFF even where the operands are zero: MMA-Sim. A finite step of 2^128 or more gives an infinity.
// - A sum of zero is +0: measured on an H100.
#pragma once

#include <cstdint>

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

enum class MmaType { bf16, fp16, tf32, e4m3, e5m2, e2m1 };
enum class ScaleType { ue8m0, ue4m3 };

// Rows of A, or of B (its row n makes column n of D), in one K step.
struct MmaOperand {
    MmaType type;
    const std::uint8_t* data;  // row r begins at data + r * stride; E2M1 has a byte for each code, in its low four bits
    std::int64_t stride;       // bytes
    const std::uint8_t* scales = nullptr;  // of row r at scales + r * scale_stride; null: none
    std::int64_t scale_stride = 0;
};

// Products of one instruction.
inline constexpr int kMmaF16Step = 16, kMmaTf32Step = 8, kMmaF8f6f4Step = 32, kMmaMxf4Step = 64;

// d[m, n] += the step of row m of A and row n of B, for all of d. d has any strides; rows of operands are whole steps.
void mma_f16(const MmaOperand& a, const MmaOperand& b, Matrix<float> d);     // BF16 or FP16, 16 of K
void mma_tf32(const MmaOperand& a, const MmaOperand& b, Matrix<float> d);    // TF32, 8 of K
void mma_f8f6f4(const MmaOperand& a, const MmaOperand& b, Matrix<float> d);  // E4M3, E5M2, E2M1 in any mix, 32 of K
void mma_mxf4(const MmaOperand& a, const MmaOperand& b, Matrix<float> d);    // E2M1, 64 of K, a scale for each 32
void mma_mxf4nvf4(const MmaOperand& a, const MmaOperand& b, ScaleType scales, Matrix<float> d);  // the same for each 16

}  // namespace aotgemm::emulation
