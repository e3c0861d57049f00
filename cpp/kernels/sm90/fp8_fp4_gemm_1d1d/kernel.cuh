// Family fp8_fp4_gemm_1d1d on Hopper: D = A @ B^T (+ C), A in FP8 E4M3 scaled per 1x128, B in FP4 words (common/fp4_words.hpp)
// that become E4M3 scaled per 1x128, D in BF16. For few rows of A, where the time is that of reading B.
//
// Persistent thread blocks loop over the tiles of D. One thread of the last warpgroup, or its first warp, is the
// producer; the other warpgroups are consumers. Parts, in the order in which a tile passes through them:
//   schedule/dense_scheduler.cuh      the producer warp finds the next tile; grouped_scheduler.cuh: of a grouped call
//   pipeline/tile_queue.cuh           the producer warp pushes the tile, the consumers pop it
//   fp8_fp4_gemm_1d1d/producer.cuh    TMA loads of A, B and both scales, stage by stage
//   pipeline/pipeline.cuh             the barriers `full` and `empty` of each stage
//   fp8_fp4_gemm_1d1d/decode.cuh      FP4 words to fragments
//   fp8_fp4_gemm_1d1d/consumer.cuh    wgmma with the weights in registers, and promotion
//   epilogue/tma_store_epilogue.cuh   sums (+ C), to shared memory, to D by TMA stores
// config.cuh: tile shape and shared memory; params.hpp: arguments.
// Host side: cpp/dispatch/ops/gemm/sm90/fp8_fp4_gemm_1d1d.cpp. CPU twin: cpp/emulation/ops/fp8_fp4_gemm_1d1d.cpp.
#pragma once

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "sm90/epilogue/tma_store_epilogue.cuh"
#include "sm90/fp8_fp4_gemm_1d1d/config.cuh"
#include "sm90/fp8_fp4_gemm_1d1d/consumer.cuh"
#include "sm90/fp8_fp4_gemm_1d1d/producer.cuh"
#include "sm90/pipeline/start.cuh"
#include "sm90/schedule/grouped_scheduler.cuh"

namespace aotgemm::sm90 {

// A consumer takes a tile before it stores the one before.
template <class Config>
__device__ __forceinline__ void consume_fp8_fp4(const Fp8Fp4Gemm1d1dParams& params, uint32_t shared, int group) {
    using Consumer = Fp8Fp4Consumer<Config>;
    Consumer consumer{shared, group, static_cast<int>(threadIdx.x / 32 % 4), static_cast<int>(threadIdx.x % 32)};
    const TmaStoreEpilogue<Config, Consumer, Fp8Fp4Gemm1d1dParams> epilogue{params, consumer};
    TileQueue<Config> tiles{shared};
    Tile next;
    PaddingTiles next_padding;
    int32_t next_k_blocks, next_row_group = 0;
    const auto pop_next = [&] {
        if (!tiles.pop(next, next_k_blocks, next_padding)) return false;
        next_row_group = epilogue.load_row_group(next);
        return true;
    };
    bool more = pop_next();
    while (more) {
        const Tile tile = next;
        const PaddingTiles padding = next_padding;
        const int32_t row_group = next_row_group;
        if constexpr (Consumer::kStartsAnywhere) consumer.scales_before = tile.row % kRowsOfBoxStart * 4;
        consumer.multiply(next_k_blocks);
        more = pop_next();
        epilogue.store(tile, padding, row_group);
    }
    ptx::tma_store_wait_read();
}

template <class Config>
__device__ __forceinline__ void fp8_fp4_gemm_1d1d(const Fp8Fp4Gemm1d1dParams& params) {
    AOTGEMM_DECLARE_PARTIALS(Config::kSlices * Config::kSums);
    AOTGEMM_DECLARE_FRAGMENTS(Config::kSlices * Fp8Fp4Consumer<Config>::kFragments);
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int group = __shfl_sync(0xFFFFFFFF, threadIdx.x / 128, 0);
    using Scheduler = typename SchedulerOf<Config, Config::kGrouping>::Type;
    if (threadIdx.x == 0) init_barriers<Config>(shared);
    if (threadIdx.x == 32) {
        ptx::prefetch_tensor_map(&params.b);
        ptx::prefetch_tensor_map(&params.sfb);
        ptx::prefetch_tensor_map(&params.a);
        ptx::prefetch_tensor_map(&params.sfa);
        ptx::prefetch_tensor_map(&params.d);
    }
    write_fp4_table<Config::kThreads>(shared + Config::kOffsetTable);
    __syncthreads();
    ptx::griddepcontrol_wait();  // previous kernels may write operands, C and the group sizes
    if (group == Config::kConsumers) {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_dec<Config::kProducerRegisters>();
        const bool leader = ptx::elect_one();
        if (threadIdx.x / 32 % 4 == 0 && (leader || Scheduler::kWarpWide)) {
            Fp8Fp4Producer<Config>{params, shared, {shared}}.run(Scheduler(params), leader || !Scheduler::kWarpWide);
            ptx::griddepcontrol_launch_dependents();
        }
    } else {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_inc<Config::kConsumerRegisters>();
        consume_fp8_fp4<Config>(params, shared, group);
    }
}

}  // namespace aotgemm::sm90
