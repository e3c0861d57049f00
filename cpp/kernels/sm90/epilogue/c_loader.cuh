// Brings the units of C for fp8_1d1d. The producer does, a unit now and then between the stages of a tile: all at once they
// would keep the stages waiting that the consumers want next.
#pragma once

#include <cstdint>

#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/fp8_gemm_1d1d/params.hpp"
#include "sm90/schedule/dense_scheduler.cuh"
#include "sm90/epilogue/subtile_coord.cuh"
#include "sm90/epilogue/epilogue_pipeline.cuh"

namespace aotgemm::sm90 {

// Makes the place of a unit ready for the consumers' sums, with C in it where there is one. It must be free. `number` is
// the tile's, see UnitRing.
template <class Config>
__device__ __forceinline__ void bring_unit(const Fp8Gemm1d1dParams& params, const UnitRing<Config>& ring, const Tile& tile,
                                           uint32_t number, int unit) {
    const uint32_t ready = ring.ready(number, unit);
    const UnitPlace place = place_of_unit<Config>(tile, params.n, ring.group, unit);
    if (params.adds_c != 0 && place.is_inside) {
        ptx::mbarrier_arrive_expect(ready, Config::kUnitBytes);
        ptx::tma_load(ring.box(number, unit), &params.c, ready, place.x, place.row);
    } else {
        ptx::mbarrier_arrive(ready);
    }
}

// The producer's part: as many units of each tile as are held.
template <class Config>
struct UnitBringer {
    const Fp8Gemm1d1dParams& params;
    uint32_t shared;  // start of dynamic shared memory
    int32_t next = 0;  // unit of the current tile

    // After stage `stage` of a tile has been filled. Before the first ring of stages is through, consumers may still be
    // writing the tile before; after that, what they need at the end comes in the first half of the time that is left.
    __device__ __forceinline__ void after_stage(const Tile& tile, uint32_t number, int32_t stage) {
        const int32_t late = stage - Config::kStages;
        if (late < 0 || next == Config::kUnitsHeld || params.adds_c == 0) return;
        const int32_t stages = (params.k_blocks + Config::kSlices - 1) / Config::kSlices;
        if (late % max((stages - Config::kStages) / (2 * Config::kUnitsHeld), 1) == 0) bring(tile, number);
    }

    // After all stages of a tile.
    __device__ __forceinline__ void finish(const Tile& tile, uint32_t number) {
        while (params.adds_c != 0 && next < Config::kUnitsHeld) bring(tile, number);
        next = 0;
    }

   private:
    // The consumers have begun with this tile, or will without anything more from the producer, so the units of the tile
    // before have been written, and leave. Each place is free once a tile.
    __device__ __forceinline__ void bring(const Tile& tile, uint32_t number) {
        for (int group = 0; group < Config::kConsumers; ++group) {
            const UnitRing<Config> ring{shared, group};
            ptx::mbarrier_wait(ring.free(number, next), number & 1);
            bring_unit(params, ring, tile, number, next);
        }
        ++next;
    }
};

}  // namespace aotgemm::sm90
