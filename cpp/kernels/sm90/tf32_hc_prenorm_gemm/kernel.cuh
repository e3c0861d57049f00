// Family tf32_hc_prenorm_gemm on Hopper: D = A @ B^T and the sums of squares of A's rows, in splits of K. A is BF16, B
// FP32 rounded to TF32.
//
// Persistent thread blocks; parts, in the order in which the data passes through them:
//   work.cuh        a tile of rows in a split, and its K blocks
//   a_producer.cuh  one thread: TMA loads of A
//   b_loader.cuh    a warp for each eight rows of B: loads, rounding, the order of K
//   fragments.cuh   words of A become registers of wgmma, and squares
//   consumer.cuh    a warpgroup: one chain of wgmma for each item, D and sqr_sum
// config.cuh: shared memory; params.hpp: arguments and launch shape.
// Host side: cpp/dispatch/ops/hc_prenorm/sm90/tf32_hc_prenorm_gemm.cpp. CPU twin:
// cpp/emulation/ops/tf32_hc_prenorm_gemm.cpp.
#pragma once

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/tf32_hc_prenorm_gemm/a_producer.cuh"
#include "sm90/tf32_hc_prenorm_gemm/b_loader.cuh"
#include "sm90/tf32_hc_prenorm_gemm/consumer.cuh"

namespace aotgemm::sm90 {

template <class Config>
__device__ __forceinline__ void tf32_hc_prenorm_gemm(const HcPrenormParams& params) {
    AOTGEMM_DECLARE_PARTIALS(Config::kSums);
    AOTGEMM_DECLARE_FRAGMENTS(kPrenormFragments);
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int warp = __shfl_sync(0xFFFFFFFF, static_cast<int>(threadIdx.x) / 32, 0);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    constexpr int kConsumerWarps = 4, kFirstLoader = kConsumerWarps + 1;
    const int warps_with_rows = params.tile_rows / kPrenormWarpRows;
    if (threadIdx.x == 0) {
        StageBarriers{shared + Config::kOffsetBarriersA}.init(kPrenormStagesA, 1, warps_with_rows);
        StageBarriers{shared + Config::kOffsetBarriersB}.init(kPrenormStagesB, Config::kLoaderWarps, kConsumerWarps);
        ptx::mbarrier_init_fence();
    }
    __syncthreads();
    ptx::griddepcontrol_wait();  // previous kernels may write operands and read outputs
    if (warp < kConsumerWarps) {
        HcPrenormConsumer<Config>{params, shared, warp, lane, warp < warps_with_rows}.run();
    } else if (warp == kConsumerWarps) {
        if (ptx::elect_one()) produce_a<Config>(params, shared);
        ptx::griddepcontrol_launch_dependents();
    } else {
        BLoader<Config>{params, shared, warp - kFirstLoader, lane}.run();
    }
}

}  // namespace aotgemm::sm90
