// SwiGLU of one element, in arithmetic that every IEEE machine repeats to the bit: additions, multiplications, fma and
// one reciprocal, each rounded to nearest. CPU twin: cpp/emulation/core/silu.hpp.
//
// Two ways to the same bits: silu_mul for any gate, and silu_mul_near for those that nearly all gates are, without a clamp,
// a branch or a division.
#pragma once

#include <cstdint>

#include "common/silu_constants.hpp"
#include "ptx/float.cuh"

namespace aotgemm {

// 2^f with f the distance of a * log2(e) to the next integer, which stands in the low bits of `shifted`.
__device__ __forceinline__ float exp2_of_fraction(float a, float shifted) {
    const float fraction = __fmaf_rn(a, kLog2E, -__fsub_rn(shifted, kRoundingShift));
    float power = __fmaf_rn(kExp2Fifth, fraction, kExp2Fourth);
    power = __fmaf_rn(power, fraction, kExp2Third);
    power = __fmaf_rn(power, fraction, kExp2Second);
    power = __fmaf_rn(power, fraction, kExp2First);
    return __fmaf_rn(power, fraction, 1.0f);
}

// e^a as 2^n * 2^f with n the integer next to a * log2(e). a beyond the clamp gives infinity, or what 1 absorbs.
__device__ __forceinline__ float exp_for_silu(float a) {
    a = a > kSiluLargest ? kSiluLargest : a < kSiluLeast ? kSiluLeast : a;
    const float shifted = __fmaf_rn(a, kLog2E, kRoundingShift);
    // n = 128 gives infinity.
    const uint32_t scale = (__float_as_uint(shifted) - __float_as_uint(kRoundingShift) + 127) << 23;
    return __fmul_rn(exp2_of_fraction(a, shifted), __uint_as_float(scale));
}

// silu(min(gate, limit)) * clamp(up, -limit, limit) = (gate * (1 / (1 + e^-gate))) * up. NaN passes through.
__device__ __forceinline__ float silu_mul(float gate, float up, float limit) {
    gate = gate > limit ? limit : gate;
    up = up > limit ? limit : up < -limit ? -limit : up;
    const float sigmoid = __frcp_rn(__fadd_rn(1.0f, exp_for_silu(-gate)));
    return __fmul_rn(__fmul_rn(gate, sigmoid), up);
}

// False for NaN.
__device__ __forceinline__ bool is_near(float gate) { return fabsf(gate) <= kSiluNear; }

// silu_mul for is_near(gate); kHasLimit: if limit is no infinity. e^-gate: n, from -126 to 126, is added to the exponent of 2^f; what comes of n = -126 and
// 2^f below 1 is absorbed by the 1 all the same.
template <bool kHasLimit>
__device__ __forceinline__ float silu_mul_near(float gate, float up, float limit) {
    if constexpr (kHasLimit) {
        gate = fminf(gate, limit);
        up = ptx::max_nan(ptx::min_nan(up, limit), -limit);
    }
    const float shifted = __fmaf_rn(-gate, kLog2E, kRoundingShift);
    const float power = exp2_of_fraction(-gate, shifted);
    // The bits of kRoundingShift itself leave the word.
    const float exponential = __uint_as_float(__float_as_uint(power) + (__float_as_uint(shifted) << 23));
    const float sigmoid = ptx::reciprocal(__fadd_rn(1.0f, exponential));
    return __fmul_rn(__fmul_rn(gate, sigmoid), up);
}

}  // namespace aotgemm
