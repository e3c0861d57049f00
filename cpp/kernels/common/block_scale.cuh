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
    constexpr uint32_t kTieMinusOne = 0x1FFFFFu, kOneBits = 0x3F800000u;
    const float magnitude = fabsf(value);
    const bool is_small = __float_as_uint(magnitude) < kOneBits;
    // From 1 on, exponent and one mantissa bit are the code of 2 and more. Below, codes lie 1/2 apart, as they do between
    // 1 and 2: the sum is rounded up, which leaves what is above a tie above it. fminf(NaN, 6) is 6.
    const float moved = fminf(is_small ? __fadd_ru(magnitude, 1.0f) : magnitude, 6.0f);
    const uint32_t code = (__float_as_uint(moved) + kTieMinusOne - (is_small ? 254u << 22 : 252u << 22)) >> 22;
    return value < -0.25f ? code | 8 : code;
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
