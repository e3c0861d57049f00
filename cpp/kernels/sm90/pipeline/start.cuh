// Start of a GEMM's thread block: its barriers, and the synchronisation after one thread has initialised them.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/pipeline/pipeline.cuh"
#include "sm90/pipeline/tile_queue.cuh"

namespace aotgemm::sm90 {

template <class Config>
__device__ __forceinline__ void init_barriers(uint32_t shared) {
    OperandPipeline<Config>{shared}.init();
    TileQueue<Config>{shared}.init();
    ptx::mbarrier_init_fence();
}

// Synchronises the thread block or, in a cluster, all of its blocks: a neighbour's TMA and consumers signal its
// barriers.
template <class Config>
__device__ __forceinline__ void sync_block_or_cluster() {
    if constexpr (Config::kCluster > 1) {
        ptx::cluster_sync();
    } else {
        __syncthreads();
    }
}

}  // namespace aotgemm::sm90
