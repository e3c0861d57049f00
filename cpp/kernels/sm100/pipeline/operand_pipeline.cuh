// The pipeline of operand stages between the producer and the matrix instructions. Barriers of a stage: `full`: the TMA
// has loaded its data; `empty`: matrix instructions have read it.
//
// In a pair each block loads its own part of both operands, and the first block, the leader, multiplies for both: all
// loads count at the leader's `full`, and the commit arrives at the `empty` of both.
#pragma once

#include <cstdint>

#include "ptx/mbarrier.cuh"
#include "sm100/pipeline/commit.cuh"

namespace aotgemm::sm100 {

constexpr int kStageBarrierBytes = 16;  // of each stage: two barriers of 8 bytes

template <class Config>
struct OperandPipeline {
    uint32_t shared;  // start of dynamic shared memory

    __device__ __forceinline__ uint32_t full(uint32_t stage) const {
        return shared + Config::kOffsetBarriers + stage * kStageBarrierBytes;
    }
    __device__ __forceinline__ uint32_t empty(uint32_t stage) const { return full(stage) + 8; }

    // One thread initialises the barriers, before any use and before mbarrier_init_fence.
    __device__ __forceinline__ void init() const {
        for (int stage = 0; stage < Config::kStages; ++stage) {
            ptx::mbarrier_init(full(stage), 1);
            ptx::mbarrier_init(empty(stage), 1);
        }
    }

    // One thread of the leader announces the bytes that come for the stage, `bytes` for each block of the pair. The other
    // block announces nothing: a phase cannot end before the leader's arrival, whatever comes first.
    __device__ __forceinline__ void announce(uint32_t stage, uint32_t bytes, uint32_t rank) const {
        if (rank == 0) ptx::mbarrier_arrive_expect_tx(full(stage), bytes * Config::kCluster);
    }

    // The stage is free once the matrix instructions issued until now are complete.
    __device__ __forceinline__ void release(uint32_t stage) const { commit_to<Config::kPair>(empty(stage)); }
};

}  // namespace aotgemm::sm100
