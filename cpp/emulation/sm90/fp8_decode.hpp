// Decodes E4M3 codes to the numbers that fp8_step.hpp works on. A NaN decodes as zero; the NaN mask of its row or
// column keeps it. Scalar code without branches or tables, which the compiler vectorises.
#pragma once

#include <bit>
#include <cstdint>

#include "emulation/sm90/fp8_step.hpp"
#include "emulation/core/lanes.hpp"

namespace aotgemm::emulation {

inline constexpr int kFp8FormatBias = 7;
inline constexpr int kFp8MantissaBits = 3;

AOTGEMM_INLINE float decode_fp8_value(std::uint8_t code) {
    const int magnitude = code & 0x7F;
    const int field = magnitude >> kFp8MantissaBits;
    const int is_normal = (field + 15) >> 4;
    const int is_nan = (magnitude + 1) >> 7;
    const int significand = ((magnitude & 7) + (is_normal << kFp8MantissaBits)) & (is_nan - 1);
    const int power = (field + (1 - is_normal) + (127 - kFp8FormatBias - kFp8MantissaBits)) << 23;
    const float number = static_cast<float>(significand) * std::bit_cast<float>(power);
    return std::bit_cast<float>(std::bit_cast<int>(number) | (code & 0x80) << 24);
}

// Exponent biased by kFp8ExponentBias; 0 for a zero. Subnormals have the least normal exponent.
AOTGEMM_INLINE std::uint8_t decode_fp8_exponent(std::uint8_t code) {
    const int magnitude = code & 0x7F;
    const int field = magnitude >> kFp8MantissaBits;
    const int is_normal = (field + 15) >> 4;
    const int is_nan = (magnitude + 1) >> 7;
    const int is_nonzero = (magnitude + 127) >> 7;
    const int stored = field + (1 - is_normal) + (kFp8ExponentBias - kFp8FormatBias);
    return static_cast<std::uint8_t>(stored & -is_nonzero & (is_nan - 1));
}

}  // namespace aotgemm::emulation
