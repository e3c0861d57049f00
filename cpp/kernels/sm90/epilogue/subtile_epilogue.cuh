// The epilogue of fp8_1d1d: sums, plus C where there is one, into the units of D that a thread of the producer's
// warpgroup brings and takes away (unit_mover.cuh).
//
// C was read from global memory here, and stores were waited for: a consumer multiplied nothing in that time, 1 to 3
// latencies a tile. Now C has arrived while the tile was multiplied, and the next tile begins with the last sum written.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/epilogue/accumulator_layout.cuh"
#include "sm90/epilogue/epilogue_pipeline.cuh"

namespace aotgemm::sm90 {

template <class Config, class Consumer>
struct UnitEpilogue {
    using Unit = SumUnit<Config, Consumer>;
    static constexpr int kUnits = Config::kUnits, kHeld = Config::kUnitsHeld;

    const Consumer& consumer;
    bool adds_c;

    // Tile number `tile` of the thread block. As many units as are held go through each step together: one latency then,
    // not one for each.
    __device__ __forceinline__ void store(uint32_t tile) const {
        static_for<(kUnits + kHeld - 1) / kHeld>([&](auto round) {
            constexpr int kFirst = round * kHeld;
            store_round<kFirst, kUnits - kFirst < kHeld ? kUnits - kFirst : kHeld>(tile);
        });
    }

   private:
    template <int kFirst, int kCount>
    __device__ __forceinline__ void store_round(uint32_t tile) const {
        const UnitRing<Config> ring{consumer.shared, consumer.group};
        const Unit unit{consumer};
        float sums[kCount][Unit::kSums];
        static_for<kCount>([&](auto i) {
            static_for<Unit::kSums>([&](auto j) {
                sums[i][j] = consumer.template sum<(kFirst + i) * Unit::kSums + j>();
            });
            ptx::mbarrier_wait(ring.ready(tile, kFirst + i), ring.parity(tile, kFirst + i));
        });
        if (adds_c) {
            static_for<kCount>([&](auto i) { unit.add(sums[i], ring.box(tile, kFirst + i)); });
        }
        static_for<kCount>([&](auto i) { unit.write(sums[i], ring.box(tile, kFirst + i)); });
        ptx::fence_async_proxy();
        // Each thread speaks for its own writes: racecheck does not follow one lane that speaks for its warp.
        static_for<kCount>([&](auto i) { ptx::mbarrier_arrive(ring.written(tile, kFirst + i)); });
    }
};

}  // namespace aotgemm::sm90
