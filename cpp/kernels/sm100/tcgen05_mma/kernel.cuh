// Family tcgen05_mma on Blackwell (sm_100a): D += A @ B^T by single matrix instructions of one kind, on raw bits, in tiles
// of 128 x 64. An instruction starts when the one before is over: this is for the report of the self-test, and not fast.
//
//   rows.cuh         rows and scales from global memory to shared memory
//   instruction.cuh  the instructions
// Host side: cpp/dispatch/ops/tcgen05_mma. CPU twin: cpp/emulation/sm100/mma.hpp.
#pragma once

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/tcgen05.cuh"
#include "sm100/epilogue/tensor_load.cuh"
#include "sm100/fp8_fp4_gemm/scale_descriptor.cuh"
#include "sm100/pipeline/commit.cuh"
#include "sm100/pipeline/matrix_descriptor.cuh"
#include "sm100/pipeline/tensor_memory.cuh"
#include "sm100/tcgen05_mma/instruction.cuh"
#include "sm100/tcgen05_mma/rows.cuh"

namespace aotgemm::sm100 {

struct MmaConfig {
    static constexpr bool kPair = false;
    static constexpr int kColumnOfScalesA = kMmaColumns, kColumnOfScalesB = kColumnOfScalesA + kMmaScaleWords / 32;
    static constexpr int kTmemColumns = allocated_columns(kColumnOfScalesB + kMmaScaleWords / 32);
    static constexpr int kOffsetB = kMmaRows * kMmaRowBytes;
    static constexpr int kOffsetScalesA = kOffsetB + kMmaColumns * kMmaRowBytes;
    static constexpr int kOffsetScalesB = kOffsetScalesA + kMmaScaleWords * 4;
    static constexpr int kOffsetBarrier = kOffsetScalesB + kMmaScaleWords * 4;
    static constexpr int kOffsetTmem = kOffsetBarrier + 16;
    static constexpr int kSharedBytes = kOffsetTmem + kTensorMemoryBytes;
    static_assert(kSharedBytes == kMmaSharedBytes);
};

struct MmaTile {
    using Store = cute::SM100::TMEM::STORE::SM100_TMEM_STORE_32dp32b8x;
    using Load = tensor_memory_loads::SM100_TMEM_LOAD_32dp32b8x;
    static constexpr int kGroup = 8;  // columns that a thread moves at a time

    const MmaParams& params;
    uint32_t shared, tmem;
    int warp, lane;
    int32_t first_row, first_column;  // of D

    __device__ __forceinline__ int row() const { return warp * 32 + lane; }
    __device__ __forceinline__ uint32_t lanes() const { return tmem + (static_cast<uint32_t>(warp * 32) << 16); }

    __device__ __forceinline__ bool has(int column) const {
        return first_row + row() < params.a.rows && first_column + column < params.b.rows;
    }
    __device__ __forceinline__ int64_t offset(int column) const {
        return (first_row + row()) * params.row_stride + (first_column + column) * params.column_stride;
    }

    __device__ __forceinline__ void bring_sums() const {
#pragma unroll 1
        for (int first = 0; first < kMmaColumns; first += kGroup) {
            uint32_t sums[kGroup];
#pragma unroll
            for (int i = 0; i < kGroup; ++i) {
                sums[i] = has(first + i) ? __float_as_uint(params.d[offset(first + i)]) : 0;
            }
            Store::copy(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7], lanes() + first);
        }
        cutlass::arch::fence_view_async_tmem_store();
    }

    __device__ __forceinline__ void take_sums() const {
#pragma unroll 1
        for (int first = 0; first < kMmaColumns; first += kGroup) {
            uint32_t sums[kGroup];
            load_columns<Load>(sums, lanes() + first);
            wait_for_loads(sums);
#pragma unroll
            for (int i = 0; i < kGroup; ++i) {
                if (has(first + i)) params.d[offset(first + i)] = __uint_as_float(sums[i]);
            }
        }
    }

    // A thread has a row of A and, of the first 64, one of B.
    __device__ __forceinline__ void bring_operands(int32_t step) const {
        const bool has_b = row() < kMmaColumns;
        place_row(params.a, first_row + row(), step, shared, row());
        if (has_b) place_row(params.b, first_column + row(), step, shared + MmaConfig::kOffsetB, row());
        if (params.scales == 0) return;
        place_scales(params.a, first_row + row(), step, params.scales, shared + MmaConfig::kOffsetScalesA, row());
        place_scales(params.b, has_b ? first_column + row() : params.b.rows, step, params.scales,
                     shared + MmaConfig::kOffsetScalesB, row());
    }

    // The first warp calls this, all of its lanes.
    __device__ __forceinline__ void multiply(const MmaInstruction& instruction) const {
        const uint32_t scales_a = tmem + MmaConfig::kColumnOfScalesA, scales_b = tmem + MmaConfig::kColumnOfScalesB;
        if (params.scales > 0 && ptx::elect_one()) {
            using Copy = cute::SM100::TMEM::UTCCP::SM100_UTCCP_4x32dp128bit_1cta;
            Copy::copy(scale_descriptor(shared + MmaConfig::kOffsetScalesA), scales_a);
            Copy::copy(scale_descriptor(shared + MmaConfig::kOffsetScalesB), scales_b);
        }
        __syncwarp();
        instruction.issue(swizzled_descriptor(shared, kNoBoxBytes),
                          swizzled_descriptor(shared + MmaConfig::kOffsetB, kNoBoxBytes), tmem, scales_a, scales_b);
        commit_to<false>(shared + MmaConfig::kOffsetBarrier);
    }

    __device__ __forceinline__ void run() const {
        const MmaInstruction instruction(params);
        bring_sums();
#pragma unroll 1
        for (int32_t step = 0; step < params.steps; ++step) {
            bring_operands(step);
            ptx::fence_async_proxy();
            ptx::tcgen05_fence_before_thread_sync();
            __syncthreads();
            ptx::tcgen05_fence_after_thread_sync();
            if (warp == 0) multiply(instruction);
            ptx::mbarrier_wait(shared + MmaConfig::kOffsetBarrier, step & 1);
            ptx::tcgen05_fence_after_thread_sync();
        }
        take_sums();
    }
};

__device__ __forceinline__ void tcgen05_mma(const MmaParams& params) {
    extern __shared__ __align__(1024) unsigned char memory[];
    const uint32_t shared = ptx::shared_address(memory);
    const int warp = __shfl_sync(0xFFFFFFFF, static_cast<int>(threadIdx.x) / 32, 0);
    const TensorMemory<MmaConfig> tensor_memory{shared};
    if (threadIdx.x == 0) {
        ptx::mbarrier_init(shared + MmaConfig::kOffsetBarrier, 1);
        ptx::mbarrier_init_fence();
    }
    if (warp == 0) tensor_memory.allocate();
    ptx::tcgen05_fence_before_thread_sync();
    __syncthreads();
    ptx::tcgen05_fence_after_thread_sync();
    ptx::griddepcontrol_wait();
    const auto tile = static_cast<int32_t>(blockIdx.x);
    const int32_t tiles_m = mma_tiles_m(params);
    MmaTile{params, shared, tensor_memory.base(), warp, static_cast<int>(threadIdx.x) % 32, tile % tiles_m * kMmaRows,
            tile / tiles_m * kMmaColumns}
        .run();
    ptx::tcgen05_fence_before_thread_sync();
    __syncthreads();
    ptx::tcgen05_fence_after_thread_sync();
    if (warp == 0) tensor_memory.free();
}

}  // namespace aotgemm::sm100
