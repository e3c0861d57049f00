// Family tf32_hc_prenorm_gemm on Hopper: D = A @ B^T and the sums of squares of A's rows, in splits of K. A is BF16, B
// FP32 rounded to TF32.
//
// Persistent thread blocks; parts, in the order in which the data passes through them:
//   work.cuh        a tile of rows in a split, and its K blocks
//   a_producer.cuh  one thread: TMA loads of A
//   b_loader.cuh    warps that have eight rows of B each: loads, rounding, the order of K
//   a_words.cuh     words of A from shared memory to registers, for each of two warpgroups:
//   consumer.cuh    one of them: words become fragments (fragments.cuh), one chain of wgmma for each item, D
//   squares.cuh     the other: sqr_sum
// config.cuh, kernel_config.cuh: shared memory; params.hpp: arguments; launch_shape.hpp: threads and registers.
// Host side: cpp/dispatch/ops/hc_prenorm/sm90/tf32_hc_prenorm_gemm.cpp. CPU twin:
// cpp/emulation/ops/tf32_hc_prenorm_gemm.cpp.
#pragma once

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/tf32_hc_prenorm_gemm/a_producer.cuh"
#include "sm90/tf32_hc_prenorm_gemm/b_loader.cuh"
#include "sm90/tf32_hc_prenorm_gemm/consumer.cuh"
#include "sm90/tf32_hc_prenorm_gemm/kernel_config.cuh"
#include "sm90/tf32_hc_prenorm_gemm/squares.cuh"

namespace aotgemm::sm90 {

template <class Config>
__device__ __forceinline__ void tf32_hc_prenorm_gemm(const HcPrenormParams& params) {
    AOTGEMM_DECLARE_PARTIALS(Config::kSums);
    AOTGEMM_DECLARE_FRAGMENTS(Config::kFragments);
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int warp = __shfl_sync(0xFFFFFFFF, static_cast<int>(threadIdx.x) / 32, 0);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warps_with_rows = params.tile_rows / kPrenormWarpRows;
    if (threadIdx.x == 0) {
        StageBarriers{shared + Config::kOffsetBarriersA}.init(kPrenormStagesA, 1, 2 * warps_with_rows);
        StageBarriers{shared + Config::kOffsetBarriersB}.init(Config::kStagesB, Config::kLoaderWarps, kPrenormConsumerWarps);
        ptx::mbarrier_init_fence();
    }
    __syncthreads();
    ptx::griddepcontrol_wait();  // previous kernels may write operands and read outputs
    const auto zero = static_cast<uint32_t>(params.k_blocks >> 31);
    if (warp < kPrenormFirstSquaresWarp) {
        if constexpr (Config::kMovesRegisters) ptx::setmaxnreg_inc<kPrenormConsumerRegisters>();
        HcPrenormConsumer<Config>{params, {shared, warp, lane, zero}, warp < warps_with_rows}.run();
    } else if (warp < kPrenormProducerWarp) {
        if constexpr (Config::kMovesRegisters) ptx::setmaxnreg_dec<kPrenormSquaresRegisters>();
        const int own = warp - kPrenormFirstSquaresWarp;
        if (own < warps_with_rows) PrenormSquares<Config>{params, {shared, own, lane, zero}}.run();
    } else if (warp == kPrenormProducerWarp) {
        if (ptx::elect_one()) produce_a<Config>(params, shared);
        ptx::griddepcontrol_launch_dependents();
    } else if (const int loader = (warp - kPrenormFirstLoader) / Config::kLoaderWarps; loader < Config::kLoaders) {
        BLoader<Config>{params, shared, loader, (warp - kPrenormFirstLoader) % Config::kLoaderWarps, lane}.run();
    }
}

}  // namespace aotgemm::sm90
