// The epilogue of fp8_gemm_1d1d: a consumer warpgroup adds C, where there is one, to its sums and writes subtiles of D
// to shared memory. The producer warp and the store warp (store_warp.cuh) load C and store D.
//
// Reading C from global memory and waiting for stores here cost the consumers 1 to 3 latencies a tile without a
// multiply. Now C arrives while the tile is multiplied, and the next tile begins once the last sum is written.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/epilogue/accumulator_layout.cuh"
#include "sm90/epilogue/epilogue_pipeline.cuh"

namespace aotgemm::sm90 {

template <class Config, class Consumer>
struct SubtileEpilogue {
    using Layout = AccumulatorLayout<Config, Consumer>;
    static constexpr int kSubtiles = Config::kSubtiles, kStages = Config::kEpilogueStages;

    const Consumer& consumer;
    bool adds_c;

    // Tile number `tile` of the thread block. Each step covers as many subtiles as there are stages: one latency for
    // all of them.
    __device__ __forceinline__ void store(uint32_t tile) const {
        static_for<(kSubtiles + kStages - 1) / kStages>([&](auto round) {
            constexpr int kFirst = round * kStages;
            store_round<kFirst, kSubtiles - kFirst < kStages ? kSubtiles - kFirst : kStages>(tile);
        });
    }

   private:
    template <int kFirst, int kCount>
    __device__ __forceinline__ void store_round(uint32_t tile) const {
        const EpiloguePipeline<Config> pipeline{consumer.shared, consumer.group};
        const Layout layout{consumer};
        float sums[kCount][Layout::kSums];
        static_for<kCount>([&](auto i) {
            static_for<Layout::kSums>([&](auto j) {
                sums[i][j] = consumer.template sum<(kFirst + i) * Layout::kSums + j>();
            });
            ptx::mbarrier_wait(pipeline.ready(tile, kFirst + i), pipeline.parity(tile, kFirst + i));
        });
        if (adds_c) {
            static_for<kCount>([&](auto i) { layout.add(sums[i], pipeline.box(tile, kFirst + i)); });
        }
        static_for<kCount>([&](auto i) { layout.write(sums[i], pipeline.box(tile, kFirst + i)); });
        ptx::fence_async_proxy();
        // Each thread arrives for its own writes: racecheck does not follow one lane that arrives for its warp.
        static_for<kCount>([&](auto i) { ptx::mbarrier_arrive(pipeline.written(tile, kFirst + i)); });
    }
};

}  // namespace aotgemm::sm90
