// Ordering of tensor-memory instructions across threads: the PTX of tcgen05 for which CUTLASS has no wrapper.
#pragma once

namespace aotgemm::ptx {

// Orders this thread's earlier tcgen05 instructions before the arrival or barrier that follows.
__device__ __forceinline__ void tcgen05_fence_before_thread_sync() {
    asm volatile("tcgen05.fence::before_thread_sync;" ::: "memory");
}

// Orders this thread's later tcgen05 instructions after the wait or barrier before.
__device__ __forceinline__ void tcgen05_fence_after_thread_sync() {
    asm volatile("tcgen05.fence::after_thread_sync;" ::: "memory");
}

}  // namespace aotgemm::ptx
