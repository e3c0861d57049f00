// The pipeline of epilogue subtiles of C and D in shared memory, one for each consumer warpgroup. Barriers of a stage:
// `free`: the TMA has read the subtile of D that was there. `ready`: the TMA has loaded the subtile of C or, without C,
// the stage is free. `written`: the consumer warpgroup has written its sums.
#pragma once

#include <cstdint>

#include "ptx/mbarrier.cuh"

namespace aotgemm::sm90 {

constexpr int kSubtileBarrierBytes = 32;  // of each stage: three barriers of 8 bytes, padded

// Subtiles are numbered over all tiles of the thread block; `tile` counts the tiles from 0 on. A stage holds every
// kEpilogueStages-th subtile.
template <class Config>
struct EpiloguePipeline {
    static constexpr uint32_t kSubtiles = Config::kSubtiles, kStages = Config::kEpilogueStages;

    uint32_t shared;  // start of dynamic shared memory
    int group;        // consumer warpgroup

    // One thread initialises the barriers of all groups, before any use and before mbarrier_init_fence.
    __device__ __forceinline__ static void init(uint32_t shared) {
        for (int i = 0; i < Config::kConsumers * Config::kEpilogueStages; ++i) {
            const uint32_t ready = shared + Config::kOffsetEpilogueBarriers + i * kSubtileBarrierBytes;
            ptx::mbarrier_init(ready, 1);
            ptx::mbarrier_init(ready + 8, 128);
            ptx::mbarrier_init(ready + 16, 1);
        }
    }

    __device__ __forceinline__ uint32_t box(uint32_t tile, int subtile) const {
        return shared + stage(tile, subtile) * Config::kSubtileBytes;
    }
    __device__ __forceinline__ uint32_t ready(uint32_t tile, int subtile) const {
        return shared + Config::kOffsetEpilogueBarriers + stage(tile, subtile) * kSubtileBarrierBytes;
    }
    __device__ __forceinline__ uint32_t written(uint32_t tile, int subtile) const { return ready(tile, subtile) + 8; }
    __device__ __forceinline__ uint32_t free(uint32_t tile, int subtile) const { return ready(tile, subtile) + 16; }
    // Parity of `ready` and `written`, and of `free` where all subtiles of a tile have a stage. The first use has
    // parity 0.
    __device__ __forceinline__ uint32_t parity(uint32_t tile, int subtile) const {
        return (tile * kSubtiles + subtile) / kStages & 1;
    }

   private:
    __device__ __forceinline__ uint32_t stage(uint32_t tile, int subtile) const {
        const uint32_t of_group = kSubtiles % kStages == 0 ? subtile % kStages : (tile * kSubtiles + subtile) % kStages;
        return static_cast<uint32_t>(group) * kStages + of_group;
    }
};

}  // namespace aotgemm::sm90
