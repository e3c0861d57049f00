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

}  // namespace aotgemm::sm90
