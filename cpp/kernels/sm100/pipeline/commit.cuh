// Completion of matrix instructions, as an arrival at an mbarrier.
#pragma once

#include <cutlass/arch/barrier.h>

#include <cstdint>

#include "sm100/pipeline/shared_pointer.cuh"

namespace aotgemm::sm100 {

// The warp that issued matrix instructions and copies to tensor memory calls this, all of its lanes: the barrier gets one
// arrival once they are all complete. In a pair the barriers at that address of both blocks get one.
template <bool kPair>
__device__ __forceinline__ void commit_to(uint32_t barrier) {
    const auto* at = shared_pointer<const uint64_t>(barrier);
    if constexpr (kPair) {
        cutlass::arch::umma_arrive_multicast_2x1SM(at, 0b11);
    } else {
        cutlass::arch::umma_arrive(at);
    }
}

}  // namespace aotgemm::sm100
