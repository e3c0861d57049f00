// Codes of FP4 E2M1: the low three bits are a magnitude (0, 1/2, 1, 3/2, 2, 3, 4 or 6), the fourth is the sign. What they
// stand for, and the FP8 E4M3 code of that times a power of two. Shared by host and device, so that both have its bits.
#pragma once

#include <cstdint>

#include "common/host_device.hpp"

namespace aotgemm {

inline constexpr uint32_t kFp4Sign = 8, kFp4Magnitude = 7;
inline constexpr uint32_t kFp8Sign = 0x80, kFp8Nan = 0x7F;
inline constexpr int32_t kFp8MostExponent = 8;  // 1.5 * 2^8 = 384 is within E4M3, whose largest is 448

// Twice the magnitude.
AOTGEMM_HOST_DEVICE constexpr uint32_t fp4_halves(uint32_t code) {
    const uint32_t exponent = code >> 1 & 3, mantissa = code & 1;
    return exponent == 0 ? mantissa : (2 | mantissa) << (exponent - 1);
}

// Of a magnitude that is not 0: that of its highest bit.
AOTGEMM_HOST_DEVICE constexpr int32_t fp4_exponent(uint32_t code) { return static_cast<int32_t>(code >> 1 & 3) - 1; }

// The code in the low (0) or high (1) four bits of a byte.
AOTGEMM_HOST_DEVICE constexpr uint32_t fp4_of_byte(uint32_t byte, uint32_t place) { return byte >> (place * 4) & 15; }

// The bits of the number in FP32. Zero has no sign.
AOTGEMM_HOST_DEVICE constexpr uint32_t fp4_bits(uint32_t code) {
    constexpr int32_t kBias = 127;
    const uint32_t halves = fp4_halves(code), mantissa = halves > 1 ? (code & 1) << 22 : 0;
    if (halves == 0) return 0;
    return (code & kFp4Sign) << 28 | static_cast<uint32_t>(fp4_exponent(code) + kBias) << 23 | mantissa;
}

// A code of E4M3, and whether it is the number it stands for.
struct Fp8OfFp4 {
    uint32_t code;
    bool is_exact;
};

// value(code) * 2^shift, which is at most 448 in magnitude, to nearest even.
AOTGEMM_HOST_DEVICE constexpr Fp8OfFp4 fp8_of_fp4(uint32_t code, int32_t shift) {
    constexpr int32_t kLeastNormal = -6, kBias = 7, kUnitsOfHalf = 8;  // E4M3's subnormals are multiples of 2^-9
    const uint32_t sign = (code & kFp4Sign) != 0 ? kFp8Sign : 0, halves = fp4_halves(code);
    const int32_t exponent = fp4_exponent(code) + shift, left = shift + kUnitsOfHalf;
    if (halves != 0 && exponent >= kLeastNormal) {
        const uint32_t mantissa = halves > 1 ? (code & 1) << 2 : 0;
        return {sign | static_cast<uint32_t>(exponent + kBias) << 3 | mantissa, true};
    }
    if (halves == 0 || left >= 0) return {sign | (halves != 0 ? halves << left : 0), true};
    const int32_t right = left < -8 ? 8 : -left;  // beyond 8 no magnitude is half a unit
    const uint32_t units = halves >> right, rest = halves & ((1u << right) - 1), middle = 1u << (right - 1);
    return {sign | (units + (rest > middle || (rest == middle && (units & 1) != 0) ? 1 : 0)), rest == 0};
}

}  // namespace aotgemm
