// Where 16 bytes of a subtile of D lie in shared memory, in the swizzle of the TMA that stores it.
#pragma once

#include <cstdint>

#include "sm90/epilogue/swizzle.cuh"

namespace aotgemm::sm100 {

// The 32-byte swizzle exchanges the halves of the last four rows of every eight, which then start in different banks.
template <int kRowBytes>
__device__ __forceinline__ uint32_t swizzled(uint32_t buffer, int row, int chunk) {
    if constexpr (kRowBytes == 32) {
        return buffer + row * 32 + ((chunk ^ (row >> 2 & 1)) << 4);
    } else {
        return sm90::swizzled<kRowBytes>(buffer, row, chunk);
    }
}

}  // namespace aotgemm::sm100
