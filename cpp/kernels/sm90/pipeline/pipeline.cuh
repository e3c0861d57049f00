// The barriers of a ring of stages: `full` says that a stage's data has arrived, `empty` that all have read it.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"

namespace aotgemm::sm90 {

constexpr int kRingBytes = 16;  // of shared memory for each stage

template <class Config>
struct Ring {
    uint32_t shared;  // start of dynamic shared memory

    __device__ __forceinline__ uint32_t full(uint32_t stage) const {
        return shared + Config::kOffsetBarriers + stage * kRingBytes;
    }
    __device__ __forceinline__ uint32_t empty(uint32_t stage) const { return full(stage) + 8; }

    // By one thread, before any other uses them and before mbarrier_init_fence. The producer announces the TMA's bytes with
    // a single arrival.
    __device__ __forceinline__ void init() const {
        for (int stage = 0; stage < Config::kStages; ++stage) {
            ptx::mbarrier_init(full(stage), 1);
            ptx::mbarrier_init(empty(stage), Config::kArrivals);
        }
    }

    // By every lane of a consumer warp: the warp has no more use for the stage, whichever block fills which part of it.
    // Only matrix instructions read a stage, and those are over for the whole warp, so one lane speaks for it.
    __device__ __forceinline__ void release(uint32_t stage, int lane) const {
        if constexpr (Config::kCluster > 1) {
            if (lane < Config::kCluster) ptx::mbarrier_arrive_at(empty(stage), lane);
        } else {
            if (lane == 0) ptx::mbarrier_arrive(empty(stage));
        }
    }
};

}  // namespace aotgemm::sm90
