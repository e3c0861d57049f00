// Prefetches of global memory (PTX ISA, "prefetch").
#pragma once

namespace aotgemm::ptx {

// Brings the line of this address into the L2. No thread waits for it.
__device__ __forceinline__ void prefetch_to_l2(const void* address) {
    asm volatile("prefetch.global.L2 [%0];" ::"l"(address) : "memory");
}

}  // namespace aotgemm::ptx
