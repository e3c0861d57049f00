// Integer instructions that CUDA C++ has no function for.
#pragma once

#include <cstdint>

namespace aotgemm::ptx {

// The larger ones of two pairs of 16-bit numbers, each pair in a word.
__device__ __forceinline__ uint32_t max_u16x2(uint32_t a, uint32_t b) {
    uint32_t result;
    asm("max.u16x2 %0, %1, %2;" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

}  // namespace aotgemm::ptx
