// Where the TMA puts, and takes from, the bytes of a box in swizzled shared memory.
#pragma once

#include <cstdint>

namespace aotgemm::sm90 {

// Address of 16 bytes in a box: the TMA permutes the 16-byte chunks of a row by the row's number in its atom of
// 8 rows (128-byte swizzle), by half of it (64) or a quarter (32).
template <int kRowBytes>
__device__ __forceinline__ uint32_t swizzled(uint32_t box, int row, int chunk) {
    constexpr int kShift = kRowBytes == 128 ? 0 : kRowBytes == 64 ? 1 : 2;
    constexpr int kMask = kRowBytes / 16 - 1;
    return box + row * kRowBytes + ((chunk ^ ((row >> kShift) & kMask)) << 4);
}

}  // namespace aotgemm::sm90
