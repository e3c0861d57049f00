// Family tf32_hc_prenorm_gemm on Hopper: D = A @ B^T and the sums of squares of A's rows, in splits of K. A is BF16, B
// FP32, which the TMA rounds to TF32.
//
// Persistent thread blocks; parts, in the order in which the data passes through them:
//   tiles.cuh      a tile of rows in a split
//   stages.cuh     shared memory, and the groups of matrix instructions
//   producer.cuh   one thread: TMA loads of A and B
//   fragments.cuh  registers of wgmma
//   consumer.cuh   one warpgroup or two: elements of A become fragments and squares, one chain of wgmma, D and sqr_sum
// launch_shape.hpp: arguments and launch shape. Host side: cpp/dispatch/ops/hc_prenorm/sm90/tf32_hc_prenorm_gemm.cpp.
// CPU twin: cpp/emulation/ops/tf32_hc_prenorm_gemm.cpp. The other files of this folder are of the kernel on sm_100a.
#pragma once

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/tf32_hc_prenorm_gemm/consumer.cuh"
#include "sm90/tf32_hc_prenorm_gemm/producer.cuh"

namespace aotgemm::sm90 {

template <class Config>
__device__ __forceinline__ void multiply_prenorm_tiles(const HcPrenormTileParams& params, uint32_t shared) {
    const int warp = __shfl_sync(0xFFFFFFFF, static_cast<int>(threadIdx.x) / 32, 0);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    constexpr int kConsumerWarps = 4 * Config::kWarpgroups;
    if (threadIdx.x == 0) {
        StageBarriers{shared + Config::kOffsetBarriers}.init(Config::kStages, 1, kConsumerWarps);
        ptx::mbarrier_init_fence();
    }
    __syncthreads();
    ptx::griddepcontrol_wait();  // previous kernels may write operands and read outputs
    if (warp < kConsumerWarps) {
        const bool has_rows = warp * kPrenormRowsOfWarp < params.call.tile_rows;
        HcPrenormConsumer<Config>{params, shared, warp, lane, has_rows}.run();
    } else {
        if (ptx::elect_one()) HcPrenormProducer<Config>{params, shared}.run();
        ptx::griddepcontrol_launch_dependents();
    }
}

template <int kColumns>
__device__ __forceinline__ void tf32_hc_prenorm_gemm(const HcPrenormTileParams& params) {
    using High = HcPrenormStages<kColumns, 2>;
    using Low = HcPrenormStages<kColumns, 1>;
    AOTGEMM_DECLARE_PARTIALS(High::kSums);
    AOTGEMM_DECLARE_FRAGMENTS(High::kFragments);
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    if (params.call.tile_rows > kPrenormGroupRows) {
        multiply_prenorm_tiles<High>(params, shared);
    } else {
        multiply_prenorm_tiles<Low>(params, shared);
    }
}

}  // namespace aotgemm::sm90
