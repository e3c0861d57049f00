// Family fp8_gemm_1d2d on Hopper: D = A @ B^T in FP8 E4M3, A scaled per 1x128, B per 128x128, D in BF16.
//
// Persistent thread blocks loop over the tiles of D. One thread of the last warpgroup, or its first warp, is the
// producer; the other warpgroups are consumers. Parts, in the order in which a tile passes through them:
//   schedule/dense_scheduler.cuh      the producer warp finds the next tile; grouped_scheduler.cuh: of a grouped call
//                                     schedule/paired_scheduler.cuh: for two blocks that share B
//   pipeline/tile_queue.cuh           the producer warp pushes the tile, the consumers pop it
//   fp8_mainloop/producer.cuh         TMA loads of A, B and A's scales, stage by stage; paired_producer.cuh: for such
//                                     pairs
//   pipeline/pipeline.cuh             the barriers `full` and `empty` of each stage
//   fp8_mainloop/block_scales_b.cuh   consumer warps load B's scales from global memory
//   fp8_mainloop/consumer.cuh         wgmma and promotion: serial_consumer.cuh or pipelined_consumer.cuh
//   fp8_gemm_1d2d/epilogue.cuh        FP32 sums to BF16, to shared memory, to D by TMA stores; of a grouped call,
//                                     schedule/written_rows.cuh says to which rows, and epilogue/padding_zeros.cuh
//                                     zeroes padding
// config.cuh: tile shape and shared memory; params.hpp: arguments.
// Host side: cpp/dispatch/ops/gemm/sm90/fp8_gemm_1d2d.cpp. CPU twin: cpp/emulation/ops/fp8_gemm_1d2d.cpp.
#pragma once

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "sm90/fp8_gemm_1d2d/config.cuh"
#include "sm90/fp8_gemm_1d2d/epilogue.cuh"
#include "sm90/fp8_gemm_1d2d/paired_producer.cuh"
#include "sm90/fp8_gemm_1d2d/params.hpp"
#include "sm90/fp8_mainloop/consumer.cuh"
#include "sm90/fp8_mainloop/producer.cuh"
#include "sm90/pipeline/start.cuh"
#include "sm90/schedule/grouped_scheduler.cuh"
#include "sm90/schedule/paired_scheduler.cuh"

namespace aotgemm::sm90 {

// Two serial consumers that also release a neighbour's stages drift apart, and then both blocks wait. With a common
// start of each tile, 256x128 tiles in pairs took 2.7% fewer cycles (H100 80GB HBM3, 2026-11-24, 8192^3); without a
// neighbour, or with a third consumer, nothing was gained.
template <class Config>
inline constexpr bool kStartTogether = Config::kConsumers == 2 && Config::kInFlight == 1 && Config::kCluster > 1;

template <class Config>
inline constexpr bool kIsPaired = pairs_rows(Config::kGrouping, Config::kClusterM);

// The sums of a tile; zeros if the warpgroup has no rows in it.
template <class Config>
__device__ __forceinline__ void multiply(const Fp8Gemm1d2dParams& params, Fp8Consumer<Config>& consumer,
                                         bool has_no_rows) {
    if constexpr (!Fp8Epilogue<Config>::kMayHaveNoRows) return consumer.multiply(params.k_blocks);
    // The compiler treats a shuffle's result as uniform, see TileQueue::pop.
    const int32_t k_blocks = __shfl_sync(0xFFFFFFFF, has_no_rows ? 0 : params.k_blocks, 0);
    consumer.multiply(k_blocks);
    consumer.skip(params.k_blocks - k_blocks);
}

template <class Config>
__device__ __forceinline__ void consume_1d2d(const Fp8Gemm1d2dParams& params, uint32_t shared, int group) {
    Fp8Consumer<Config> consumer{
        {params, shared, group, static_cast<int>(threadIdx.x / 32 % 4), static_cast<int>(threadIdx.x % 32)}};
    const Fp8Epilogue<Config> epilogue{params, consumer};
    consumer.start();
    TileQueue<Config> tiles{shared};
    Tile next;
    PaddingTiles next_padding;
    int32_t next_row_group = 0;
    const auto pop_next = [&] {  // and start the loads from global memory that the tile needs, long before their use
        if (!tiles.pop(next, next_padding)) return false;
        consumer.scales_of_b.prefetch(params, next, group, consumer.lane);
        next_row_group = epilogue.load_row_group(next);
        return true;
    };
    bool more = pop_next();
    while (more) {
        const Tile tile = next;
        const PaddingTiles padding = next_padding;
        const int32_t row_group = next_row_group;
        if constexpr (kStartTogether<Config>) {
            ptx::named_barrier_sync(1 + Config::kConsumers, Config::kConsumers * 128);
        }
        consumer.scales_before = tile.row % kRowsOfBoxStart * 4;
        consumer.split = 128 - tile.n * Config::kBlockN % 128;
        multiply<Config>(params, consumer, epilogue.has_no_rows(tile, row_group));
        more = pop_next();
        epilogue.store(tile, padding, row_group);
    }
    ptx::tma_store_wait_read();
}

template <class Config>
__device__ __forceinline__ void fp8_gemm_1d2d(const Fp8Gemm1d2dParams& params) {
    AOTGEMM_DECLARE_PARTIALS(Config::kInFlight * Config::kSlices * Config::kInstructionN / 2);
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int group = __shfl_sync(0xFFFFFFFF, threadIdx.x / 128, 0);
    const uint32_t rank = Config::kCluster > 1 ? ptx::cluster_rank() : 0;
    using Scheduler = std::conditional_t<kIsPaired<Config>, PairedScheduler<Config>,
                                         typename SchedulerOf<Config, Config::kGrouping>::Type>;
    using Producer = std::conditional_t<kIsPaired<Config>, PairedProducer<Config>, Fp8Producer<Config>>;
    if (threadIdx.x == 0) init_barriers<Config>(shared);
    if (threadIdx.x == 32) {
        ptx::prefetch_tensor_map(&params.b);
        ptx::prefetch_tensor_map(&params.a);
        ptx::prefetch_tensor_map(&params.sfa);
        ptx::prefetch_tensor_map(&params.d);
    }
    sync_block_or_cluster<Config>();
    if (group == Config::kConsumers) {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_dec<Config::kProducerRegisters>();
        const bool leader = ptx::elect_one();
        if (threadIdx.x / 32 % 4 == 0 && (leader || Scheduler::kWarpWide)) {
            ptx::griddepcontrol_wait();
            Producer{params, shared, rank, {shared}}.run(Scheduler(params), leader || !Scheduler::kWarpWide,
                                                         NoCLoader{});
            ptx::griddepcontrol_launch_dependents();
        }
    } else {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_inc<Config::kConsumerRegisters>();
        ptx::griddepcontrol_wait();  // previous kernels may write B's scales and the group sizes
        consume_1d2d<Config>(params, shared, group);
    }
    // A block must outlive the TMA loads and arrivals that its neighbour still sends to it.
    if constexpr (Config::kCluster > 1) ptx::cluster_sync();
}

}  // namespace aotgemm::sm90
