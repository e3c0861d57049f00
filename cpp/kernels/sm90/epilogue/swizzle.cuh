// The TMA's swizzle: addresses of a box's bytes in shared memory.
#pragma once

#include <cstdint>

namespace aotgemm::sm90 {

// Address of 16 bytes in a box: the TMA permutes the 16-byte chunks of a row by the row's number in its atom of 8 rows
// (128-byte swizzle) or half of it (64). Rows of an odd number of chunks need no permutation: eight of them start in
// different banks.
template <int kRowBytes>
__device__ __forceinline__ uint32_t swizzled(uint32_t box, int row, int chunk) {
    static_assert(kRowBytes == 128 || kRowBytes == 64 || kRowBytes / 16 % 2 != 0);
    if constexpr (kRowBytes / 16 % 2 != 0) return box + row * kRowBytes + chunk * 16;
    constexpr int kShift = kRowBytes == 128 ? 0 : 1;
    constexpr int kMask = kRowBytes / 16 - 1;
    return box + row * kRowBytes + ((chunk ^ ((row >> kShift) & kMask)) << 4);
}

}  // namespace aotgemm::sm90
