// Family fp8_1d1d on Hopper: D = A @ B^T (+ C) in FP8 E4M3, A and B scaled per 1x128, D in BF16 or FP32.
//
// The pipeline of fp8_1d2d, in which the TMA brings the scales of B as it does those of A, with the epilogue of bf16.
// Host side: cpp/dispatch/fp8_1d1d_launch.cpp.
#pragma once

#include "sm90/fp8_1d1d_config.cuh"
#include "sm90/fp8_1d2d.cuh"
#include "sm90/sum_epilogue.cuh"

namespace aotgemm::sm90 {

template <class Config>
__device__ __forceinline__ void consume_1d1d(const Fp8Gemm1d1dParams& params, uint32_t shared, uint32_t rank, int group) {
    Fp8Consumer<Config> consumer{{nullptr, shared, rank, group, static_cast<int>(threadIdx.x / 32 % 4),
                                  static_cast<int>(threadIdx.x % 32)}};
    const SumEpilogue<Config, Fp8Consumer<Config>, Fp8Gemm1d1dParams> epilogue{params, consumer};
    consumer.start();
    consume_tiles<Config>(shared, consumer, epilogue);
}

template <class Config>
__device__ __forceinline__ void fp8_1d1d(const Fp8Gemm1d1dParams& params) {
    AOTGEMM_DECLARE_PARTIALS(Config::kInFlight * Config::kSlices * Config::kInstructionN / 2);
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int group = __shfl_sync(0xFFFFFFFF, threadIdx.x / 128, 0);
    const uint32_t rank = Config::kCluster > 1 ? ptx::cluster_rank() : 0;
    if (threadIdx.x == 0) init_barriers<Config>(shared);
    if (threadIdx.x == 32) {
        ptx::prefetch_tensor_map(&params.b);
        ptx::prefetch_tensor_map(&params.a);
        ptx::prefetch_tensor_map(&params.sfa);
        ptx::prefetch_tensor_map(&params.sfb);
        ptx::prefetch_tensor_map(&params.d);
    }
    sync_start_and_end<Config>();
    ptx::wait_for_prerequisites();  // which may write C too
    if (group == Config::kConsumers) {
        if constexpr (Config::kConsumers > 1) ptx::shrink_registers<Config::kProducerRegisters>();
        if (threadIdx.x / 32 % 4 == 0 && ptx::elect_one()) {
            Fp8Producer<Config, Fp8Gemm1d1dParams>{params, shared, rank, {shared}}.run(DenseOrder<Config>(params), true);
            ptx::launch_dependents();
        }
    } else {
        if constexpr (Config::kConsumers > 1) ptx::grow_registers<Config::kConsumerRegisters>();
        consume_1d1d<Config>(params, shared, rank, group);
    }
    if constexpr (Config::kCluster > 1) ptx::cluster_sync();
}

}  // namespace aotgemm::sm90
