// Family bf16_gemm on Blackwell (sm_100a): D = A @ B^T (+ C) in BF16 with FP32 accumulation, any of A and B transposed in
// memory. Its bits are those of sm_90a.
//
// Persistent thread blocks, or pairs of them, loop over the tiles of D. Warps have roles (pipeline/roles.hpp). Parts, in
// the order in which a tile passes through them:
//   sm90/schedule/                     the producer warp finds the next tile: index arithmetic alone, as on sm_90a;
//   schedule/pair_scheduler.cuh        a pair's tile, where those know no pairs
//   sm90/pipeline/tile_queue.cuh       the producer warp pushes the tile, the others pop it
//   bf16_gemm/producer.cuh             TMA loads of A and B, stage by stage
//   pipeline/operand.cuh               layout of a K-major or MN-major operand: TMA boxes and matrix descriptors
//   pipeline/operand_pipeline.cuh      the barriers `full` and `empty` of each stage
//   bf16_gemm/mma.cuh                  one chain of tcgen05.mma over all stages, into one of two accumulators
//   pipeline/accumulator_pipeline.cuh  the accumulators in tensor memory, and their barriers
//   epilogue/epilogue.cuh              sums (+ C) to shared memory, to D by TMA stores, beside the next tile's sums
// gemm_tile.cuh, config.cuh: tile shape and shared memory; gemm_params.hpp: arguments; kernel_frame.cuh: start and end.
// Host side: cpp/dispatch/ops/gemm/sm100/bf16_gemm.cpp. CPU twin: cpp/emulation/ops/bf16_gemm.cpp.
#pragma once

#include "sm100/bf16_gemm/config.cuh"
#include "sm100/bf16_gemm/mma.cuh"
#include "sm100/bf16_gemm/producer.cuh"
#include "sm100/epilogue/epilogue.cuh"
#include "sm100/gemm_params.hpp"
#include "sm100/kernel_frame.cuh"
#include "sm100/schedule/pair_scheduler.cuh"

namespace aotgemm::sm100 {

template <class Config>
__device__ __forceinline__ void bf16_gemm(const GemmParams& params) {
    extern __shared__ __align__(1024) unsigned char memory[];
    using Scheduler = typename SchedulerOf<Config>::Type;
    const uint32_t shared = ptx::shared_address(memory);
    const int warp = __shfl_sync(0xFFFFFFFF, static_cast<int>(threadIdx.x / 32), 0);
    const int lane = static_cast<int>(threadIdx.x % 32);
    const uint32_t rank = Config::kPair ? ptx::cluster_rank() : 0;
    const uint32_t tmem = start_gemm<Config>(params, shared, warp, [] {});
    if (warp == kProducerWarp) {
        Bf16Producer<Config>{params, shared, rank, {shared}}.run(Scheduler(params), ptx::elect_one());
        if (lane == 0) ptx::griddepcontrol_launch_dependents();
    } else if (warp == kMmaWarp) {
        Bf16Mma<Config>{shared}.run({shared, tmem}, rank == 0);
    } else if (warp >= kFirstEpilogueWarp) {
        Epilogue<Config, GemmParams>{params, shared, warp - kFirstEpilogueWarp, lane}.run({shared, tmem});
    }
    __syncwarp();
    end_gemm<Config>(shared, warp);
}

}  // namespace aotgemm::sm100
