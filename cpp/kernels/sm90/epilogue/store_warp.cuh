// Moves the units of a consumer warpgroup of fp8_1d1d: those of D away through the TMA, and then makes their places free,
// for C or for the next sums. One thread for each consumer warpgroup, of a warp of the producer's warpgroup that is idle
// otherwise.
//
// No circle of waiting can come about. The mover waits for a tile only after it has taken away all units of the tile
// before, whose stages the producer has then filled. The producer waits for the places of that tile's units to become free
// before it brings the next tile's, and puts a tile with nothing else to wait for than a slot that is four tiles old. The
// consumers wait for units that are brought once those kUnitsHeld before them, which they have written, have been read by
// the TMA.
//
// C may be D. A unit of C is read once, before the same unit of D is written, and by the block that writes it.
#pragma once

#include "common/static_for.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/fp8_gemm_1d1d/params.hpp"
#include "sm90/schedule/dense_scheduler.cuh"
#include "sm90/pipeline/tile_queue.cuh"
#include "sm90/epilogue/c_loader.cuh"
#include "sm90/epilogue/subtile_coord.cuh"
#include "sm90/epilogue/epilogue_pipeline.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct UnitMover {
    static constexpr int kUnits = Config::kUnits, kHeld = Config::kUnitsHeld;

    const Fp8Gemm1d1dParams& params;
    UnitRing<Config> ring;
    TileRing<Config> tiles;

    // By one thread, always the same: it waits for its own stores.
    __device__ __forceinline__ void run() {
        Tile tile;
        bool more = tiles.take_alone(tile);
        if (more) static_for<kHeld>([&](auto unit) { offer(unit); });
        while (more) {
            static_for<kUnits>([&](auto unit) {
                ptx::mbarrier_wait(ring.written(number(), unit), ring.parity(number(), unit));
                send(tile, unit);
                if constexpr (unit + kHeld < kUnits) {  // the consumers wait for its place
                    ptx::tma_store_wait_read();
                    bring_unit(params, ring, tile, number(), unit + kHeld);
                }
            });
            more = tiles.take_alone(tile);
            if (!more) break;
            static_for<kHeld>([&](auto unit) {
                ptx::tma_store_wait_read<kHeld - 1 - unit>();  // what was here before has left
                offer(unit);
            });
        }
        ptx::tma_store_wait_read();  // shared memory outlives the stores
    }

   private:
    // Of the tile taken last, counted from 0 on.
    __device__ __forceinline__ uint32_t number() const { return tiles.count - 1; }

    // To the producer, which brings C, or to the consumers.
    __device__ __forceinline__ void offer(int unit) const {
        ptx::mbarrier_arrive(params.adds_c != 0 ? ring.free(number(), unit) : ring.ready(number(), unit));
    }

    __device__ __forceinline__ void send(const Tile& tile, int unit) const {
        const UnitPlace place = place_of_unit<Config>(tile, params.n, ring.group, unit);
        if (place.is_inside) ptx::tma_store(&params.d, ring.box(number(), unit), place.x, place.row);
        ptx::tma_store_commit();  // also where nothing was sent: groups are counted
    }
};

}  // namespace aotgemm::sm90
