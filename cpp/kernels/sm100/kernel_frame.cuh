// What every GEMM kernel of sm_100a does around its roles: barriers, tensor memory, start and end.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/tcgen05.cuh"
#include "sm100/pipeline/accumulator_pipeline.cuh"
#include "sm100/pipeline/operand_pipeline.cuh"
#include "sm100/pipeline/roles.hpp"
#include "sm100/pipeline/tensor_memory.cuh"
#include "sm90/pipeline/tile_queue.cuh"

namespace aotgemm::sm100 {

template <class Config>
__device__ __forceinline__ void sync_block_or_pair() {
    if constexpr (Config::kPair) {
        ptx::cluster_sync();
    } else {
        __syncthreads();
    }
}

// All threads call this. init_more: one thread initialises what barriers the family has besides. Returns the address of
// tensor memory. Previous kernels are complete afterwards: they may write operands, C and the group sizes.
template <class Config, class Params, class InitMore>
__device__ __forceinline__ uint32_t start_gemm(const Params& params, uint32_t shared, int warp, InitMore&& init_more) {
    const TensorMemory<Config> memory{shared};
    if (threadIdx.x == 0) {
        sm90::TileQueue<Config>{shared}.init();
        OperandPipeline<Config>{shared}.init();
        AccumulatorPipeline<Config>::init(shared);
        init_more();
        ptx::mbarrier_init_fence();
    } else if (threadIdx.x == kMmaWarp * 32) {
        ptx::prefetch_tensor_map(&params.b);
        ptx::prefetch_tensor_map(&params.a);
        ptx::prefetch_tensor_map(&params.d);
    }
    if (warp == kAllocatorWarp) memory.allocate();
    ptx::tcgen05_fence_before_thread_sync();
    sync_block_or_pair<Config>();
    ptx::tcgen05_fence_after_thread_sync();
    ptx::griddepcontrol_wait();
    return memory.base();
}

// All threads call this at their end. A block of a pair outlives what its neighbour sends to it.
template <class Config>
__device__ __forceinline__ void end_gemm(uint32_t shared, int warp) {
    ptx::tcgen05_fence_before_thread_sync();
    sync_block_or_pair<Config>();
    ptx::tcgen05_fence_after_thread_sync();
    if (warp == kAllocatorWarp) TensorMemory<Config>{shared}.free();
}

}  // namespace aotgemm::sm100
