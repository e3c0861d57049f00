// Scales of kind mxf4nvf4: E4M3 whose sign has no meaning.
#pragma once

#include <cstdint>

namespace aotgemm::emulation {

inline constexpr int kUe4m3One = 8;  // a significand in eighths

constexpr bool is_ue4m3_nan(std::uint8_t scale) { return (scale & 0x7F) == 0x7F; }
// Subnormals have the least exponent, -6.
constexpr int ue4m3_exponent(std::uint8_t scale) {
    const int field = scale >> 3 & 15;
    return (field == 0 ? 1 : field) - 7;
}
// In eighths.
constexpr int ue4m3_significand(std::uint8_t scale) { return (scale >> 3 & 15) == 0 ? scale & 7 : 8 + (scale & 7); }

}  // namespace aotgemm::emulation
