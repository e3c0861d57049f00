// Family fp8_fp4_gemm on Blackwell: D = A @ B^T (+ C) in FP8 E4M3 and FP4 E2M1 with UE8M0 scales, D in BF16 or FP32.
//
// The tensor cores apply the scales, so that one accumulator adds up all of K. Parts, in the order in which a tile passes
// through them:
//   sm90/schedule                     the producer warp finds the next tile,
//   schedule/pair_scheduler.cuh       a pair's tile, where those know no pairs
//   sm90/pipeline/tile_queue.cuh      the producer warp pushes the tile, the other warps pop it
//   producer.cuh                      TMA loads of A, B and words of scales, stage by stage
//   scale_warp.cuh                    arranges the words of a stage for tensor memory
//   mma_warp.cuh                      copies scales to tensor memory, multiplies; in a pair for both blocks
//   pipeline/accumulator_pipeline.cuh two accumulators in tensor memory
//   epilogue/epilogue.cuh             sums (+ C) to D
// stage.cuh: what a stage holds; instruction.cuh, scale_descriptor.cuh: descriptors; scale_words.cuh: where a group's scales
// begin; config.cuh: tile shape and memory; params.hpp: arguments.
// Host side: cpp/dispatch/ops/gemm/sm100/fp8_fp4_gemm.cpp. CPU twin: cpp/emulation/ops/fp8_fp4_gemm.cpp.
#pragma once

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "sm100/epilogue/epilogue.cuh"
#include "sm100/fp8_fp4_gemm/config.cuh"
#include "sm100/fp8_fp4_gemm/mma_warp.cuh"
#include "sm100/fp8_fp4_gemm/producer.cuh"
#include "sm100/fp8_fp4_gemm/scale_warp.cuh"
#include "sm100/kernel_frame.cuh"
#include "sm100/schedule/pair_scheduler.cuh"

namespace aotgemm::sm100 {

template <class Config>
__device__ __forceinline__ void fp8_fp4_gemm(const Fp8Fp4GemmParams& params) {
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int warp = __shfl_sync(0xFFFFFFFF, threadIdx.x / 32, 0), lane = static_cast<int>(threadIdx.x % 32);
    const uint32_t rank = Config::kPair ? ptx::cluster_rank() : 0;
    const uint32_t tensor_memory = start_gemm<Config>(params, shared, warp, [&] { Fp8Stage<Config>::init(shared); });
    const AccumulatorPipeline<Config> accumulators{shared, tensor_memory};
    if (warp == kProducerWarp) {
        using Scheduler = typename SchedulerOf<Config>::Type;
        Producer<Config>{params, shared, rank, {shared}}.run(Scheduler(params), ptx::elect_one());
        ptx::griddepcontrol_launch_dependents();
    } else if (warp == kMmaWarp) {
        MmaWarp<Config> multiplying{params, shared, tensor_memory, {shared}, accumulators};
        rank == 0 ? multiplying.run() : multiplying.pass();
    } else if (warp == kAllocatorWarp) {
        ScaleWarp<Config>{params, shared, lane, {shared}}.run();
    } else if (warp >= kFirstEpilogueWarp) {
        Epilogue<Config, Fp8Fp4GemmParams>{params, shared, warp - kFirstEpilogueWarp, lane}.run(accumulators);
    }
    end_gemm<Config>(shared, warp);
}

}  // namespace aotgemm::sm100
