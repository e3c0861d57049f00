// The pipeline of accumulators in tensor memory between matrix instructions and epilogue: while the epilogue reads one,
// the next tile is summed in the other. Barriers of each: `full`: the tile's last matrix instruction is complete;
// `empty`: the epilogue has read it.
#pragma once

#include <cstdint>

#include "ptx/mbarrier.cuh"
#include "ptx/tcgen05.cuh"
#include "sm100/pipeline/commit.cuh"
#include "sm100/pipeline/roles.hpp"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm100 {

constexpr int kAccumulators = 2;
constexpr int kAccumulatorBarrierBytes = kAccumulators * 16;

template <class Config>
struct AccumulatorPipeline {
    static constexpr int kColumns = Config::kInstructionN;  // of an accumulator

    uint32_t shared;  // start of dynamic shared memory
    uint32_t tmem;    // address of the first accumulator
    sm90::PipelineState<kAccumulators> at{};

    // One thread initialises the barriers, before any use and before mbarrier_init_fence. In a pair the epilogues of both
    // blocks arrive at the leader's `empty`.
    __device__ __forceinline__ static void init(uint32_t shared) {
        for (uint32_t i = 0; i < kAccumulators; ++i) {
            ptx::mbarrier_init(full(shared, i), 1);
            ptx::mbarrier_init(empty(shared, i), kEpilogueWarps * Config::kCluster);
        }
    }

    // Tensor-memory address of the current accumulator's first column.
    __device__ __forceinline__ uint32_t address() const { return tmem + at.stage * kColumns; }
    __device__ __forceinline__ void advance() { at.advance(); }

    // The warp that multiplies.
    __device__ __forceinline__ void wait_until_empty() const {
        ptx::mbarrier_wait(empty(shared, at.stage), at.parity ^ 1);
        ptx::tcgen05_fence_after_thread_sync();
    }
    __device__ __forceinline__ void commit() const { commit_to<Config::kPair>(full(shared, at.stage)); }

    // Warps of the epilogue, all of their lanes.
    __device__ __forceinline__ void wait_until_full() const {
        ptx::mbarrier_wait(full(shared, at.stage), at.parity);
        ptx::tcgen05_fence_after_thread_sync();
    }
    __device__ __forceinline__ void release(int lane) const {
        ptx::tcgen05_fence_before_thread_sync();
        __syncwarp();
        if (lane != 0) return;
        if constexpr (Config::kPair) {
            ptx::mbarrier_arrive_cluster(empty(shared, at.stage), 0);
        } else {
            ptx::mbarrier_arrive(empty(shared, at.stage));
        }
    }

   private:
    __device__ __forceinline__ static uint32_t full(uint32_t shared, uint32_t i) {
        return shared + Config::kOffsetAccumulators + i * 16;
    }
    __device__ __forceinline__ static uint32_t empty(uint32_t shared, uint32_t i) { return full(shared, i) + 8; }
};

}  // namespace aotgemm::sm100
