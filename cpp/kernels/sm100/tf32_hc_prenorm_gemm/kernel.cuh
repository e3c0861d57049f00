// Family tf32_hc_prenorm_gemm on Blackwell (sm_100a): D = A @ B^T and the sums of squares of A's rows, in splits of K. A is
// BF16, B FP32 rounded to TF32. Its bits are those of sm_90a.
//
// Persistent thread blocks; parts, in the order in which the data passes through them:
//   sm90/tf32_hc_prenorm_gemm/tiles.cuh       a tile of rows in a split; work.cuh: its K blocks
//   sm90/tf32_hc_prenorm_gemm/a_producer.cuh  one thread: TMA loads of A
//   sm90/tf32_hc_prenorm_gemm/b_loader.cuh    a warp for each eight rows of B: loads, rounding, the order of K
//   converter.cuh   four warps: A to FP32 in shared memory, and squares; D from tensor memory, and sqr_sum
//   mma.cuh         one warp: one chain of tcgen05.mma for each item
// config.cuh: shared memory; launch_shape.hpp: launch shape; the arguments are sm_90a's.
// Host side: cpp/dispatch/ops/hc_prenorm/launch.cpp. CPU twin: cpp/emulation/ops/tf32_hc_prenorm_gemm.cpp.
#pragma once

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/tcgen05.cuh"
#include "sm100/tf32_hc_prenorm_gemm/converter.cuh"
#include "sm100/tf32_hc_prenorm_gemm/mma.cuh"
#include "sm90/tf32_hc_prenorm_gemm/a_producer.cuh"
#include "sm90/tf32_hc_prenorm_gemm/b_loader.cuh"

namespace aotgemm::sm100 {

template <class Config>
__device__ __forceinline__ void tf32_hc_prenorm_gemm(const sm90::HcPrenormParams& params) {
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int warp = __shfl_sync(0xFFFFFFFF, static_cast<int>(threadIdx.x) / 32, 0);
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int warps_with_rows = params.tile_rows / sm90::kPrenormWarpRows;
    const TensorMemory<Config> tensor_memory{shared};
    if (threadIdx.x == 0) {
        HcPrenormBarriers<Config>{shared}.init(warps_with_rows);
        ptx::mbarrier_init_fence();
    }
    if (warp == kPrenormMmaWarp) tensor_memory.allocate();
    ptx::tcgen05_fence_before_thread_sync();
    __syncthreads();
    ptx::tcgen05_fence_after_thread_sync();
    ptx::griddepcontrol_wait();  // previous kernels may write operands and read outputs
    if (warp < kPrenormConverterWarps) {
        if (warp < warps_with_rows) {
            HcPrenormConverter<Config>{params, shared, tensor_memory.base(), warp, lane}.run();
        }
    } else if (warp == kPrenormProducerWarp) {
        if (ptx::elect_one()) sm90::produce_a<Config>(params, shared);
        ptx::griddepcontrol_launch_dependents();
    } else if (warp == kPrenormMmaWarp) {
        HcPrenormMma<Config>{params, shared, tensor_memory.base()}.run();
    } else {
        sm90::BLoader<Config>{params, shared, warp - kPrenormFirstLoader, lane}.run();
    }
    __syncwarp();
    ptx::tcgen05_fence_before_thread_sync();
    __syncthreads();
    ptx::tcgen05_fence_after_thread_sync();
    if (warp == kPrenormMmaWarp) tensor_memory.free();
}

}  // namespace aotgemm::sm100
