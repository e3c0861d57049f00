// The scale of a block from its largest magnitude, and its codes, for FP8 E4M3 and for FP4 E2M1. CPU twin:
// cpp/emulation/core/quantization.hpp.
#pragma once

#include <cstdint>

namespace aotgemm {

// amax_bits: the largest |x| as bits. Magnitudes have the order of their bits, and a NaN's bits are above all others,
// so an integer maximum propagates NaN. largest: of the format.
__device__ __forceinline__ float block_scale(uint32_t amax_bits, float largest, bool use_ue8m0) {
    constexpr uint32_t kInfinityBits = 0x7F800000u, kCanonicalNan = 0x7FFFFFFFu, kMantissaMask = 0x007FFFFFu;
    if (amax_bits > kInfinityBits) return __uint_as_float(kCanonicalNan);
    const float scale = __fdiv_rn(fmaxf(__uint_as_float(amax_bits), 1e-4f), largest);
    if (!use_ue8m0) return scale;
    return __uint_as_float((__float_as_uint(scale) + kMantissaMask) & ~kMantissaMask);
}

// Two E4M3 codes, the first in the low byte: round to nearest even, saturating at 448, NaN to 0x7F.
__device__ __forceinline__ uint32_t fp8_pair(float low, float high) {
    uint16_t codes;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(codes) : "f"(high), "f"(low));
    return codes;
}

// An E2M1 code: to nearest, ties toward zero, saturating at 6, NaN to +6. Zero has no sign.
__device__ __forceinline__ uint32_t fp4_code(float value) {
    constexpr uint32_t kLargestBits = 0x40C00000u, kTieMinusOne = 0x1FFFFFu;
    const uint32_t magnitude = __float_as_uint(value) & 0x7FFFFFFFu;
    // One mantissa bit is kept. 252 is the exponent and mantissa of 1, less its code.
    const uint32_t normal = ((min(magnitude, kLargestBits) + kTieMinusOne) >> 22) - 252;
    const uint32_t small = (__uint_as_float(magnitude) > 0.25f) + (__uint_as_float(magnitude) > 0.75f);
    const uint32_t code = magnitude < 0x3F800000u ? small : normal;
    return value < 0 && code != 0 ? code | 8 : code;
}

struct Fp8 {
    static constexpr float kLargest = 448.0f;
    static constexpr int kBits = 8;
    static __device__ __forceinline__ uint32_t pair(float low, float high) { return fp8_pair(low, high); }
};

struct Fp4 {
    static constexpr float kLargest = 6.0f;
    static constexpr int kBits = 4;
    static __device__ __forceinline__ uint32_t pair(float low, float high) {
        return fp4_code(low) | fp4_code(high) << 4;
    }
};

}  // namespace aotgemm
