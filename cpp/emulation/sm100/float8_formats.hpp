// The formats of kinds f8f6f4 and mxf8f6f4: their codes as numbers and as exponents. Branchless, so that it vectorises.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "emulation/core/formats.hpp"
#include "emulation/core/lanes.hpp"
#include "emulation/sm100/mma.hpp"

namespace aotgemm::emulation {

struct E4m3Format {
    static constexpr int kMantissaBits = 3, kBias = 7, kSignBit = 7;
    static constexpr int kFirstSpecial = 0x7F;  // the least magnitude that is NaN or infinity
    static constexpr bool kHasInfinity = false;
};

struct E5m2Format {
    static constexpr int kMantissaBits = 2, kBias = 15, kSignBit = 7;
    static constexpr int kFirstSpecial = 0x7C;
    static constexpr bool kHasInfinity = true;
};

struct E2m1Format {
    static constexpr int kMantissaBits = 1, kBias = 1, kSignBit = 3;
    static constexpr int kFirstSpecial = 0x80;  // none
    static constexpr bool kHasInfinity = false;
};

// Exponents are stored with this bias, and that of a zero as 0: a sum of two stored exponents is at least
// kLeastStoredProduct if and only if neither factor is zero. E5M2 has exponents -14 to 15, the widest range.
inline constexpr int kFloat8ExponentBias = 48;
inline constexpr int kLeastStoredProduct = 2 * (kFloat8ExponentBias - 14);
static_assert(kLeastStoredProduct > kFloat8ExponentBias + 15 && 2 * (kFloat8ExponentBias + 15) < 256);

template <class Format>
AOTGEMM_INLINE int magnitude_of(std::uint8_t code) {
    return code & ((1 << Format::kSignBit) - 1);
}

template <class Format>
AOTGEMM_INLINE bool is_special(std::uint8_t code) {
    return magnitude_of<Format>(code) >= Format::kFirstSpecial;
}

// NaN and infinity decode as zero.
template <class Format>
AOTGEMM_INLINE float decode_value(std::uint8_t code) {
    const int magnitude = magnitude_of<Format>(code);
    const int field = magnitude >> Format::kMantissaBits;
    const int is_normal = field > 0 ? 1 : 0;
    const int fraction = magnitude & ((1 << Format::kMantissaBits) - 1);
    const int significand = fraction + (is_normal << Format::kMantissaBits);
    const int power = (field + (1 - is_normal) + (127 - Format::kBias - Format::kMantissaBits)) << 23;
    const float number = static_cast<float>(magnitude >= Format::kFirstSpecial ? 0 : significand);
    const int sign = (code >> Format::kSignBit & 1) << 31;
    return std::bit_cast<float>(std::bit_cast<int>(number * std::bit_cast<float>(power)) | sign);
}

template <class Format>
AOTGEMM_INLINE std::uint8_t decode_stored_exponent(std::uint8_t code) {
    const int magnitude = magnitude_of<Format>(code);
    const int field = magnitude >> Format::kMantissaBits;
    const int stored = (field > 0 ? field : 1) + (kFloat8ExponentBias - Format::kBias);
    return static_cast<std::uint8_t>(magnitude == 0 || magnitude >= Format::kFirstSpecial ? 0 : stored);
}

// The number of any code, NaN and infinity too.
template <class Format>
float float_from_code(std::uint8_t code) {
    if (!is_special<Format>(code)) return decode_value<Format>(code);
    const bool is_infinite = Format::kHasInfinity && magnitude_of<Format>(code) == Format::kFirstSpecial;
    if (!is_infinite) return canonical_nan();
    return code >> Format::kSignBit & 1 ? -INFINITY : INFINITY;
}

inline float float_from_code(MmaType type, std::uint8_t code) {
    switch (type) {
        case MmaType::e5m2: return float_from_code<E5m2Format>(code);
        case MmaType::e2m1: return float_from_code<E2m1Format>(code);
        default: return float_from_code<E4m3Format>(code);
    }
}

}  // namespace aotgemm::emulation
