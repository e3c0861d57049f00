// The pipeline of operand stages between producer and consumers. Barriers of a stage: `full`: the TMA has loaded its
// data; `empty`: all consumers have read it.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"

namespace aotgemm::sm90 {

constexpr int kStageBarrierBytes = 16;  // of each stage: two barriers of 8 bytes

template <class Config>
struct OperandPipeline {
    uint32_t shared;  // start of dynamic shared memory

    __device__ __forceinline__ uint32_t full(uint32_t stage) const {
        return shared + Config::kOffsetBarriers + stage * kStageBarrierBytes;
    }
    __device__ __forceinline__ uint32_t empty(uint32_t stage) const { return full(stage) + 8; }

    // One thread initialises the barriers, before any use and before mbarrier_init_fence. `full` counts one arrival,
    // with which the producer announces the TMA's bytes.
    __device__ __forceinline__ void init() const {
        for (int stage = 0; stage < Config::kStages; ++stage) {
            ptx::mbarrier_init(full(stage), 1);
            ptx::mbarrier_init(empty(stage), Config::kArrivals);
        }
    }

    // Every lane of a consumer warp calls this: the warp has read the stage, and every block of the cluster that fills
    // a part of it may do so. Only matrix instructions read a stage, and they are complete for the whole warp, so one
    // lane arrives for it.
    __device__ __forceinline__ void release(uint32_t stage, int lane) const {
        if constexpr (Config::kCluster > 1) {
            if (lane < Config::kCluster) ptx::mbarrier_arrive_cluster(empty(stage), lane);
        } else {
            if (lane == 0) ptx::mbarrier_arrive(empty(stage));
        }
    }
};

}  // namespace aotgemm::sm90
