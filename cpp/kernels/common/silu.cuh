// SwiGLU of one element, in arithmetic that every IEEE machine repeats to the bit: additions, multiplications, fma and
// one reciprocal, each rounded to nearest. CPU twin: cpp/emulation/core/silu.hpp.
#pragma once

#include "common/silu_constants.hpp"

namespace aotgemm {

// e^a as 2^n * 2^f with n the integer next to a * log2(e). a beyond the clamp gives infinity, or what 1 absorbs.
__device__ __forceinline__ float exp_for_silu(float a) {
    a = a > kSiluLargest ? kSiluLargest : a < kSiluLeast ? kSiluLeast : a;
    const float shifted = __fmaf_rn(a, kLog2E, kRoundingShift);
    const float whole = __fsub_rn(shifted, kRoundingShift);
    const float fraction = __fmaf_rn(a, kLog2E, -whole);
    float power = __fmaf_rn(kExp2Fifth, fraction, kExp2Fourth);
    power = __fmaf_rn(power, fraction, kExp2Third);
    power = __fmaf_rn(power, fraction, kExp2Second);
    power = __fmaf_rn(power, fraction, kExp2First);
    power = __fmaf_rn(power, fraction, 1.0f);
    // n stands in the low bits of `shifted`; n = 128 gives infinity.
    const uint32_t scale = (__float_as_uint(shifted) - __float_as_uint(kRoundingShift) + 127) << 23;
    return __fmul_rn(power, __uint_as_float(scale));
}

// silu(min(gate, limit)) * clamp(up, -limit, limit) = (gate * (1 / (1 + e^-gate))) * up. NaN passes through.
__device__ __forceinline__ float silu_mul(float gate, float up, float limit) {
    gate = gate > limit ? limit : gate;
    up = up > limit ? limit : up < -limit ? -limit : up;
    const float sigmoid = __frcp_rn(__fadd_rn(1.0f, exp_for_silu(-gate)));
    return __fmul_rn(__fmul_rn(gate, sigmoid), up);
}

}  // namespace aotgemm
