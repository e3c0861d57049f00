// fma in FP32 that is exact on every target without libm.
#pragma once

#include <bit>
#include <cstdint>

#include "emulation/core/lanes.hpp"

namespace aotgemm::emulation {

// Without the instruction: the product is exact in FP64, and an FP64 sum rounded to odd keeps enough bits
// (53 >= 24 + 2) for the final rounding to FP32 to be the only one that shows.
AOTGEMM_INLINE float fma_without_instruction(float x, float y, float z) {
    const double product = static_cast<double>(x) * y;
    const double sum = product + z;
    const double z_part = sum - product;
    const double error = (product - (sum - z_part)) + (z - z_part);
    const auto bits = std::bit_cast<std::uint64_t>(sum);
    // Away from zero when the lost part has the sum's sign, toward zero otherwise.
    const std::uint64_t toward_odd = (error > 0) == (sum > 0) ? bits + 1 : bits - 1;
    const bool is_inexact_even = (error > 0 || error < 0) && (bits & 1) == 0;
    return static_cast<float>(std::bit_cast<double>(is_inexact_even ? toward_odd : bits));
}

template <bool kHasInstruction>
AOTGEMM_INLINE float exact_fma(float x, float y, float z) {
    if constexpr (kHasInstruction) return __builtin_fmaf(x, y, z);
    return fma_without_instruction(x, y, z);
}

#if defined(__FP_FAST_FMAF)
inline constexpr bool kBaselineHasFma = true;
#else
inline constexpr bool kBaselineHasFma = false;
#endif

}  // namespace aotgemm::emulation
