// FP4 weights as Hopper's tensor cores take them fastest: words of eight E2M1 codes, and one word of scales for a row and
// 128 columns. Shared by host and device. python/aotgemm/ops/fp4_words.py makes both.
//
// A thread of a wgmma whose M side is in registers has 4 columns from 4t on and 4 columns from 16 + 4t on of every 32, t
// being its number among the four threads of a row. Word 4t + s of a row's 128 columns is what thread t has of step s, so
// its four words are adjacent. Bits 4n to 4n + 2 are the magnitude of column 32s + 4t + n, bits 16 + 4n to 18 + 4n that of
// column 32s + 16 + 4t + n, for n from 0 to 3. Bit 8n + 7 is the sign of the first, bit 8n + 3 that of the second, where
// bytes of E4M3 have theirs, or four bits below.
//
// Bits 24 to 31 of a word of scales are the UE8M0 exponent under which the 128 columns are E4M3. Bits 3 + 5s to 7 + 5s say
// how step s becomes E4M3: they are its own exponent, less the one of the 128 columns, less kFp4LeastShift.
#pragma once

#include "common/fp4_codes.hpp"

namespace aotgemm {

inline constexpr int kFp4CodesOfWord = 8, kFp4BlockK = 128, kFp4StepK = 32;
// At the least shift every magnitude rounds to 0 in E4M3; above the greatest one the least magnitude is over 448.
inline constexpr int32_t kFp4LeastShift = -13, kFp4MostShift = 9;
inline constexpr uint32_t kFp4Shifts = 32;  // that five bits say; those above kFp4MostShift are NaN

// E4M3 of a magnitude, whose sign is left out, under what five bits of a word of scales say.
AOTGEMM_HOST_DEVICE constexpr uint32_t fp8_of_fp4_magnitude(uint32_t magnitude, uint32_t five_bits) {
    const int32_t shift = static_cast<int32_t>(five_bits) + kFp4LeastShift;
    return shift > kFp4MostShift ? kFp8Nan : fp8_of_fp4(magnitude & kFp4Magnitude, shift).code & 0xFF;
}

AOTGEMM_HOST_DEVICE constexpr uint32_t fp4_shift_of_step(uint32_t scales, uint32_t step) {
    return scales >> (3 + 5 * step) & (kFp4Shifts - 1);
}

// Bits of the FP32 scale of the 128 columns.
AOTGEMM_HOST_DEVICE constexpr uint32_t fp4_block_scale_bits(uint32_t scales) { return scales >> 24 << 23; }

}  // namespace aotgemm
