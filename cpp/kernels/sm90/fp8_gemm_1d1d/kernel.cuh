// Family fp8_gemm_1d1d on Hopper: D = A @ B^T (+ C) in FP8 E4M3, A and B scaled per 1x128, D in BF16 or FP32.
//
// The mainloop of fp8_gemm_1d2d, in which the TMA loads B's scales like A's. Parts, in the order in which a tile passes
// through them:
//   schedule/dense_scheduler.cuh     the producer warp finds the next tile
//   pipeline/tile_queue.cuh          the producer warp pushes the tile, consumers and store warps pop it
//   fp8_mainloop/producer.cuh        TMA loads of A, B and the scales of both, stage by stage
//   epilogue/c_loader.cuh            TMA loads of C by the producer, between the stages
//   pipeline/pipeline.cuh            the barriers `full` and `empty` of each stage
//   fp8_mainloop/consumer.cuh        wgmma and promotion: serial_consumer.cuh or pipelined_consumer.cuh
//   epilogue/subtile_epilogue.cuh    consumers add C and write subtiles of D, laid out by accumulator_layout.cuh
//   epilogue/epilogue_pipeline.cuh   the barriers of the subtiles
//   epilogue/store_warp.cuh          one store warp for each consumer warpgroup: TMA stores of D
// config.cuh: tile shape and shared memory; params.hpp: arguments.
// Host side: cpp/dispatch/ops/gemm/sm90/fp8_gemm_1d1d.cpp. CPU twin: cpp/emulation/ops/fp8_gemm_1d1d.cpp.
#pragma once

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "sm90/epilogue/c_loader.cuh"
#include "sm90/epilogue/store_warp.cuh"
#include "sm90/epilogue/subtile_epilogue.cuh"
#include "sm90/fp8_gemm_1d1d/config.cuh"
#include "sm90/fp8_gemm_1d1d/params.hpp"
#include "sm90/fp8_mainloop/consumer.cuh"
#include "sm90/fp8_mainloop/producer.cuh"
#include "sm90/pipeline/start.cuh"
#include "sm90/schedule/dense_scheduler.cuh"

namespace aotgemm::sm90 {

template <class Config>
__device__ __forceinline__ void consume_1d1d(const Fp8Gemm1d1dParams& params, uint32_t shared, int group) {
    Fp8Consumer<Config> consumer{
        {params, shared, group, static_cast<int>(threadIdx.x / 32 % 4), static_cast<int>(threadIdx.x % 32)}};
    const SubtileEpilogue<Config, Fp8Consumer<Config>> epilogue{consumer, params.adds_c != 0};
    consumer.start();
    TileQueue<Config> tiles{shared};
    Tile tile;
    int32_t stages;
    while (tiles.pop(tile, stages)) {
        consumer.multiply(stages);
        epilogue.store(tiles.count - 1);
    }
}

// Warp 0 is the producer warp: it fills stages and loads C. Warp 1 + g is the store warp of consumer warpgroup g. One
// thread of each is active.
template <class Config>
__device__ __forceinline__ void produce_and_store(const Fp8Gemm1d1dParams& params, uint32_t shared, uint32_t rank) {
    static_assert(1 + Config::kConsumers <= 4, "warps of a warpgroup");
    const int warp = __shfl_sync(0xFFFFFFFF, threadIdx.x / 32 % 4, 0);
    if (!ptx::elect_one()) return;
    if (warp == 0) {
        const CLoader<Config> c_loader{params, shared};
        Fp8Producer<Config>{params, shared, rank, {shared}}.run(DenseScheduler<Config>(params), true, c_loader);
        ptx::griddepcontrol_launch_dependents();
        // A kernel that waits for this one to complete relies on the completion of the previous ones too.
        if (params.follows_group != 0) ptx::griddepcontrol_wait();
    } else if (warp <= Config::kConsumers) {
        StoreWarp<Config>{params, {shared, warp - 1}, {shared}}.run();
    }
}

template <class Config>
__device__ __forceinline__ void fp8_gemm_1d1d(const Fp8Gemm1d1dParams& params) {
    AOTGEMM_DECLARE_PARTIALS(Config::kInFlight * Config::kSlices * Config::kInstructionN / 2);
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int group = __shfl_sync(0xFFFFFFFF, threadIdx.x / 128, 0);
    const uint32_t rank = Config::kCluster > 1 ? ptx::cluster_rank() : 0;
    if (threadIdx.x == 0) {
        EpiloguePipeline<Config>::init(shared);
        init_barriers<Config>(shared);
    }
    if (threadIdx.x == 32) {
        ptx::prefetch_tensor_map(&params.b);
        ptx::prefetch_tensor_map(&params.a);
        ptx::prefetch_tensor_map(&params.sfa);
        ptx::prefetch_tensor_map(&params.sfb);
        ptx::prefetch_tensor_map(&params.c);
        ptx::prefetch_tensor_map(&params.d);
    }
    sync_block_or_cluster<Config>();
    // Kernels before the call are complete once a kernel of its first group has let the next one start.
    if (params.follows_group == 0) ptx::griddepcontrol_wait();  // previous kernels may write C too
    if (params.precedes_group != 0) ptx::griddepcontrol_launch_dependents();
    if (group == Config::kConsumers) {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_dec<Config::kProducerRegisters>();
        produce_and_store<Config>(params, shared, rank);
    } else {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_inc<Config::kConsumerRegisters>();
        consume_1d1d<Config>(params, shared, group);
    }
    // A block must outlive the TMA loads and arrivals that its neighbour still sends to it.
    if constexpr (Config::kCluster > 1) ptx::cluster_sync();
}

}  // namespace aotgemm::sm90
