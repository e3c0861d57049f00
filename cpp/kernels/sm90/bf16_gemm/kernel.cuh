// Family bf16_gemm on Hopper: D = A @ B^T (+ C) in BF16 with FP32 accumulation, any of A and B transposed in memory.
//
// Persistent thread blocks walk over the tiles of D. The last warpgroup produces (one thread, through the TMA), the
// others consume (WGMMA); they meet at two barriers per stage. Host side:
// cpp/dispatch/bf16_launch.cpp.
#pragma once

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/schedule/batch_reduced_scheduler.cuh"
#include "sm90/bf16_gemm/config.cuh"
#include "sm90/bf16_gemm/consumer.cuh"
#include "sm90/bf16_gemm/params.hpp"
#include "sm90/bf16_gemm/producer.cuh"
#include "sm90/epilogue/tma_store_epilogue.cuh"

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
    if constexpr (Config::kCluster > 1) {
        ptx::cluster_sync();
    } else {
        __syncthreads();
    }
    ptx::griddepcontrol_wait();  // which may write operands, C and what the groups are
    if (group == Config::kConsumers) {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_dec<Config::kProducerRegisters>();
        const bool leader = ptx::elect_one();
        if (threadIdx.x / 32 % 4 == 0 && (leader || Scheduler::kWarpWide)) {
            Bf16Producer<Config>{params, shared, rank, {shared}}.run(Scheduler(params), leader || !Scheduler::kWarpWide);
            ptx::griddepcontrol_launch_dependents();
        }
    } else {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_inc<Config::kConsumerRegisters>();
        consume_bf16<Config>(params, shared, group);
    }
    // A block must outlive the copies and arrivals that its neighbour still sends it.
    if constexpr (Config::kCluster > 1) ptx::cluster_sync();
}

}  // namespace aotgemm::sm90
