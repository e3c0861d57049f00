// Scales of block-scaled kinds: a byte that is an exponent with a bias of 127, or NaN.
#pragma once

#include <cstdint>

namespace aotgemm::emulation {

inline constexpr std::uint8_t kUe8m0One = 127, kUe8m0Nan = 0xFF;

constexpr bool is_ue8m0_nan(std::uint8_t scale) { return scale == kUe8m0Nan; }
constexpr int ue8m0_exponent(std::uint8_t scale) { return scale - 127; }

}  // namespace aotgemm::emulation
