// SwiGLU of one element. Device twin: cpp/kernels/common/silu.cuh, which explains it.
#pragma once

#include "emulation/core/exact_fma.hpp"
#include "kernels/common/silu_constants.hpp"

namespace aotgemm::emulation {

inline float fma(float x, float y, float z) { return exact_fma<kBaselineHasFma>(x, y, z); }

inline float exp_for_silu(float a) {
    a = a > kSiluLargest ? kSiluLargest : a < kSiluLeast ? kSiluLeast : a;
    const float shifted = fma(a, kLog2E, kRoundingShift);
    const float whole = shifted - kRoundingShift;
    const float fraction = fma(a, kLog2E, -whole);
    float power = fma(kExp2Fifth, fraction, kExp2Fourth);
    power = fma(power, fraction, kExp2Third);
    power = fma(power, fraction, kExp2Second);
    power = fma(power, fraction, kExp2First);
    power = fma(power, fraction, 1.0f);
    const std::uint32_t scale = std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(kRoundingShift) + 127;
    return power * std::bit_cast<float>(scale << 23);
}

inline float silu_mul(float gate, float up, float limit) {
    gate = gate > limit ? limit : gate;
    up = up > limit ? limit : up < -limit ? -limit : up;
    const float sigmoid = 1.0f / (1.0f + exp_for_silu(-gate));
    return gate * sigmoid * up;
}

}  // namespace aotgemm::emulation
