// The scale of a block and its codes, for FP8 E4M3 and FP4 E2M1. Device twin: cpp/kernels/common/block_scale.cuh.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "emulation/core/formats.hpp"

namespace aotgemm::emulation {

inline constexpr float kFp8Max = 448.0f, kFp4Max = 6.0f;
inline constexpr float kLeastAmax = 1e-4f;

// Absolute values order as their bits do, and a NaN's bits are above all others': it wins the maximum.
inline std::uint32_t magnitude_bits(float value) { return std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFu; }

// largest: of the format.
inline float block_scale(std::uint32_t amax_bits, float largest, bool use_ue8m0) {
    constexpr std::uint32_t kMantissaMask = 0x7FFFFFu;
    const float amax = std::bit_cast<float>(amax_bits);
    if (std::isnan(amax)) return canonical_nan();
    const float scale = std::max(amax, kLeastAmax) / largest;
    if (!use_ue8m0) return scale;
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(scale) + kMantissaMask) & ~kMantissaMask);
}

// Round to nearest even, saturating at 448; any NaN becomes 0x7F.
inline std::uint8_t fp8_from_float(float value) {
    const auto sign = static_cast<std::uint32_t>(std::bit_cast<std::uint32_t>(value) >> 24 & 0x80);
    const float magnitude = std::min(std::fabs(value), kFp8Max);
    const auto bits = std::bit_cast<std::uint32_t>(magnitude);
    // 2^14 has an ulp of 2^-9, E4M3's subnormal spacing: the addition rounds, the low bits are the code.
    const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(magnitude + 0x1p14f) & 0xF;
    // Exponent bias 127 to 7; a carry out of the mantissa moves on into the exponent.
    const std::uint32_t normal = (bits + 0x7FFFFu + (bits >> 20 & 1) - (120u << 23)) >> 20;
    const std::uint32_t code = magnitude < 0x1p-6f ? subnormal : normal;
    return value != value ? kCanonicalFp8Nan : static_cast<std::uint8_t>(sign | code);
}

// To nearest, ties toward zero, saturating at 6, NaN to +6. Zero has no sign.
inline std::uint8_t fp4_from_float(float value) {
    constexpr float kBounds[] = {0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f, 5.0f};  // between neighbours
    const float magnitude = std::fabs(value);
    int code = 0;
    for (const float bound : kBounds) code += magnitude <= bound ? 0 : 1;
    return static_cast<std::uint8_t>(value < 0 && code != 0 ? code | 8 : code);
}

}  // namespace aotgemm::emulation
