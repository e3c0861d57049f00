// Arrival at a barrier after loads from shared memory are over.
#pragma once

#include "ptx/mbarrier.cuh"

namespace aotgemm::ptx {

// Arrives once `word`, a word of each load joined by "or", is in its register. zero: 0, but not to the compiler.
//
// A stage that this arrival frees is filled by the TMA. ptxas lets an mbarrier.arrive follow a load without waiting for what
// it loads; on an H200 (2026-11-28) a kernel that did so read rows of a later K block in 2% of its launches beside other
// work.
__device__ __forceinline__ void mbarrier_arrive_after(uint32_t barrier, uint32_t word, uint32_t zero) {
    mbarrier_arrive(barrier + (word & zero));
}

}  // namespace aotgemm::ptx
