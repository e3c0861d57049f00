// FP16 and FP32, bit by bit.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace aotgemm::ptx_machine {

inline constexpr std::uint16_t kCanonicalFp16Nan = 0x7FFF;

inline float float_from_fp16(std::uint16_t bits) {
    const int exponent = bits >> 10 & 31;
    const float fraction = static_cast<float>(bits & 0x3FF);
    float magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25);
    if (exponent == 31) magnitude = (bits & 0x3FF) != 0 ? std::bit_cast<float>(0x7FFFFFFFu) : INFINITY;
    return (bits & 0x8000) != 0 && magnitude == magnitude ? -magnitude : magnitude;
}

// Round to nearest even; overflow goes to infinity.
inline std::uint16_t fp16_from_float(float value) {
    if (value != value) return kCanonicalFp16Nan;
    const auto sign = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16 & 0x8000);
    const float magnitude = std::fabs(value);
    if (magnitude >= 65520.0f) return sign | 0x7C00;
    int exponent = -14;
    if (magnitude >= std::ldexp(1.0f, -14)) exponent = std::ilogb(magnitude);
    // In units of the last place; 2,048 of them are the next power of two, which the addition carries over to.
    const auto units = static_cast<int>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
    return sign | static_cast<std::uint16_t>(((exponent + 14) << 10) + units);
}

}  // namespace aotgemm::ptx_machine
