// What both kernels of the indexer's logits do around their producers: barriers, tensor memory, the other roles, the end.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/tcgen05.cuh"
#include "sm100/mqa_logits/epilogue.cuh"
#include "sm100/mqa_logits/mma_warp.cuh"
#include "sm100/mqa_logits/pipeline.cuh"
#include "sm100/mqa_logits/scale_warp.cuh"
#include "sm100/pipeline/tensor_memory.cuh"

namespace aotgemm::sm100 {

// All threads call this. Returns the address of tensor memory. Previous kernels are complete afterwards.
template <class Config>
__device__ __forceinline__ uint32_t start_mqa(const typename Config::Params& params, uint32_t shared, int warp) {
    const TensorMemory<Config> memory{shared};
    if (threadIdx.x == 0) {
        MqaPipeline<Config>{shared}.init();
        ptx::mbarrier_init_fence();
    } else if (threadIdx.x == 32) {
        ptx::prefetch_tensor_map(&params.q);
        ptx::prefetch_tensor_map(&params.k);
        ptx::prefetch_tensor_map(&params.k_scales);
    }
    if (warp == kMqaScaleWarp) memory.allocate();
    ptx::tcgen05_fence_before_thread_sync();
    __syncthreads();
    ptx::tcgen05_fence_after_thread_sync();
    ptx::griddepcontrol_wait();
    return memory.base();
}

// produce() runs in the producer warp. others(number, of) runs in the warps that have no part in the products.
template <class Config, class Produce, class Others>
__device__ __forceinline__ void run_mqa(const typename Config::Params& params, uint32_t shared, uint32_t tensor_memory,
                                        int warp, int lane, Produce&& produce, Others&& others) {
    const MqaPipeline<Config> pipeline{shared};
    if (warp < kMqaEpilogueWarps) {
        ptx::setmaxnreg_inc<kMqaEpilogueRegisters>();
        MqaEpilogue<Config>{params, pipeline, tensor_memory, warp / 4, warp % 4, lane}.run();
    } else {
        ptx::setmaxnreg_dec<kMqaOtherRegisters>();
        if (warp == kMqaProducerWarp) {
            produce();
            ptx::griddepcontrol_launch_dependents();
        } else if (warp == kMqaMmaWarp) {
            MqaMmaWarp<Config>{pipeline, tensor_memory, params.format.row_bytes}.run();
        } else if (Config::kFp4 && warp == kMqaScaleWarp) {
            MqaScaleWarp<Config>{pipeline, lane}.run();
        } else {
            Config::kFp4 ? others(0, 1) : others(warp - kMqaScaleWarp, 2);
        }
    }
    __syncwarp();
    ptx::tcgen05_fence_before_thread_sync();
    __syncthreads();
    ptx::tcgen05_fence_after_thread_sync();
    if (warp == kMqaScaleWarp) TensorMemory<Config>{shared}.free();
}

}  // namespace aotgemm::sm100
