// Fragments of A, the registers that a wgmma reads while it is under way: nobody may write them before it is over. They
// are declared in PTX and named by number, like the sums (ptx/wgmma.cuh), for a variable's register is the compiler's to
// use again.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"

namespace aotgemm::sm90 {

#define AOTGEMM_DECLARE_FRAGMENTS(count) asm volatile(".reg .b32 fragment<%0>;" ::"n"(count))

template <int kIndex>
__device__ __forceinline__ void set_fragment(uint32_t bits) {
    asm volatile("mov.b32 fragment%1, %0;" ::"r"(bits), "n"(kIndex));
}

template <int kCount>
__device__ __forceinline__ void clear_fragments() {
    static_for<kCount>([](auto index) { set_fragment<index>(0); });
}

// Squares of one row's elements that a thread sees: of those at even and at odd places of K, two chains.
struct SquareSums {
    float even = 0, odd = 0;
};

// Two neighbours of K in a word of BF16: fragments kFirst and kFirst + 2, and their squares.
template <int kFirst>
__device__ __forceinline__ void split_pair(uint32_t pair, SquareSums& squares) {
    const uint32_t even = pair << 16, odd = pair & 0xFFFF0000u;
    set_fragment<kFirst>(even);
    set_fragment<kFirst + 2>(odd);
    squares.even = __fmaf_rn(__uint_as_float(even), __uint_as_float(even), squares.even);
    squares.odd = __fmaf_rn(__uint_as_float(odd), __uint_as_float(odd), squares.odd);
}

// Chains 2t and 2t + 1 of a row are in lane t of four: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
__device__ __forceinline__ float row_sum(const SquareSums& squares) {
    float sum = __fadd_rn(squares.even, squares.odd);
    sum = __fadd_rn(sum, __shfl_xor_sync(0xFFFFFFFFu, sum, 1));
    return __fadd_rn(sum, __shfl_xor_sync(0xFFFFFFFFu, sum, 2));
}

}  // namespace aotgemm::sm90
