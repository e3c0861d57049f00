// Family bf16_gemm on Hopper: D = A @ B^T (+ C) in BF16 with FP32 accumulation, any of A and B transposed in memory.
//
// Persistent thread blocks loop over the tiles of D. One thread of the last warpgroup, or its first warp, is the
// producer; the other warpgroups are consumers. Parts, in the order in which a tile passes through them:
//   schedule/dense_scheduler.cuh      the producer warp finds the next tile; grouped_scheduler.cuh and
//                                     batch_reduced_scheduler.cuh: of a grouped call, of a sum over batches
//   pipeline/tile_queue.cuh           the producer warp pushes the tile, the consumers pop it
//   bf16_gemm/producer.cuh            TMA loads of A and B, stage by stage
//   bf16_gemm/operand.cuh             layout of a K-major or MN-major operand: TMA boxes and wgmma descriptors
//   pipeline/pipeline.cuh             the barriers `full` and `empty` of each stage
//   bf16_gemm/consumer.cuh            one chain of wgmma over all stages
//   epilogue/tma_store_epilogue.cuh   sums (+ C), to shared memory as accumulator_layout.cuh says, to D by TMA stores; of
//                                     a grouped call, schedule/written_rows.cuh says to which rows, and
//                                     epilogue/padding_zeros.cuh zeroes padding
// config.cuh: tile shape and shared memory; params.hpp: arguments.
// Host side: cpp/dispatch/ops/gemm/sm90/bf16_gemm.cpp. CPU twin: cpp/emulation/ops/bf16_gemm.cpp.
#pragma once

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/bf16_gemm/config.cuh"
#include "sm90/bf16_gemm/consumer.cuh"
#include "sm90/bf16_gemm/params.hpp"
#include "sm90/bf16_gemm/producer.cuh"
#include "sm90/epilogue/tma_store_epilogue.cuh"
#include "sm90/pipeline/start.cuh"
#include "sm90/schedule/batch_reduced_scheduler.cuh"

namespace aotgemm::sm90 {

template <class Config>
__device__ __forceinline__ void consume_bf16(const Bf16GemmParams& params, uint32_t shared, int group) {
    Bf16Consumer<Config> consumer{shared, group, static_cast<int>(threadIdx.x / 32 % 4),
                                  static_cast<int>(threadIdx.x % 32)};
    const TmaStoreEpilogue<Config, Bf16Consumer<Config>, Bf16GemmParams> epilogue{params, consumer};
    consume_tiles<Config>(shared, consumer, epilogue);
}

template <class Config>
__device__ __forceinline__ void bf16_gemm(const Bf16GemmParams& params) {
    AOTGEMM_DECLARE_PARTIALS(Config::kPasses * Config::kSums);
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int group = __shfl_sync(0xFFFFFFFF, threadIdx.x / 128, 0);
    const uint32_t rank = Config::kCluster > 1 ? ptx::cluster_rank() : 0;
    using Scheduler = typename SchedulerOf<Config, Config::kGrouping>::Type;
    if (threadIdx.x == 0) {
        TileQueue<Config>{shared}.init();
        OperandPipeline<Config>{shared}.init();
        ptx::mbarrier_init_fence();
    }
    if (threadIdx.x == 32) {
        ptx::prefetch_tensor_map(&params.b);
        ptx::prefetch_tensor_map(&params.a);
        ptx::prefetch_tensor_map(&params.d);
    }
    sync_block_or_cluster<Config>();
    ptx::griddepcontrol_wait();  // previous kernels may write operands, C and the group sizes
    if (group == Config::kConsumers) {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_dec<Config::kProducerRegisters>();
        const bool leader = ptx::elect_one();
        if (threadIdx.x / 32 % 4 == 0 && (leader || Scheduler::kWarpWide)) {
            Bf16Producer<Config>{params, shared, rank, {shared}}.run(Scheduler(params),
                                                                     leader || !Scheduler::kWarpWide);
            ptx::griddepcontrol_launch_dependents();
        }
    } else {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_inc<Config::kConsumerRegisters>();
        consume_bf16<Config>(params, shared, group);
    }
    // A block must outlive the TMA loads and arrivals that its neighbour still sends to it.
    if constexpr (Config::kCluster > 1) ptx::cluster_sync();
}

}  // namespace aotgemm::sm90
