// Family fp8_gemm_1d1d on Hopper: D = A @ B^T (+ C) in FP8 E4M3, A and B scaled per 1x128, D in BF16 or FP32.
//
// The pipeline of fp8_1d2d, in which the TMA brings the scales of B as it does those of A, and C between the stages. For
// each consumer warpgroup one more thread of the last warpgroup takes D away. Host side: cpp/dispatch/fp8_1d1d_launch.cpp.
#pragma once

#include "sm90/fp8_gemm_1d1d/config.cuh"
#include "sm90/fp8_gemm_1d2d/kernel.cuh"
#include "sm90/epilogue/c_loader.cuh"
#include "sm90/epilogue/subtile_epilogue.cuh"
#include "sm90/epilogue/store_warp.cuh"

namespace aotgemm::sm90 {

template <class Config>
__device__ __forceinline__ void consume_1d1d(const Fp8Gemm1d1dParams& params, uint32_t shared, int group) {
    Fp8Consumer<Config> consumer{{nullptr, shared, group, static_cast<int>(threadIdx.x / 32 % 4), static_cast<int>(threadIdx.x % 32)}};
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

// Warp 0 fills stages and brings C, and warp 1 + g takes away what consumer warpgroup g stores; one thread of each.
template <class Config>
__device__ __forceinline__ void produce_and_store(const Fp8Gemm1d1dParams& params, uint32_t shared, uint32_t rank) {
    static_assert(1 + Config::kConsumers <= 4, "warps of a warpgroup");
    const int warp = __shfl_sync(0xFFFFFFFF, threadIdx.x / 32 % 4, 0);
    if (!ptx::elect_one()) return;
    if (warp == 0) {
        const CLoader<Config> c_loader{params, shared};
        Fp8Producer<Config, Fp8Gemm1d1dParams>{params, shared, rank, {shared}}.run(DenseScheduler<Config>(params), true, c_loader);
        ptx::griddepcontrol_launch_dependents();
        // Who waits for this kernel to be over relies on it for those before it too.
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
    sync_start_and_end<Config>();
    // What was in the stream before the call is over once a kernel of its first group has let the next one begin.
    if (params.follows_group == 0) ptx::griddepcontrol_wait();  // which may write C too
    if (params.precedes_group != 0) ptx::griddepcontrol_launch_dependents();
    if (group == Config::kConsumers) {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_dec<Config::kProducerRegisters>();
        produce_and_store<Config>(params, shared, rank);
    } else {
        if constexpr (Config::kConsumers > 1) ptx::setmaxnreg_inc<Config::kConsumerRegisters>();
        consume_1d1d<Config>(params, shared, group);
    }
    if constexpr (Config::kCluster > 1) ptx::cluster_sync();
}

}  // namespace aotgemm::sm90
