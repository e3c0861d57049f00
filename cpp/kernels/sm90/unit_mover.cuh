// Moves the units of a consumer warpgroup of fp8_1d1d through the TMA: those of C into shared memory ahead of time,
// those of D away. One thread for each consumer warpgroup, of a warp of the producer's warpgroup that is idle otherwise.
//
// No circle of waiting can come about. The mover waits for a tile only after it has brought and taken away all units of
// the tile before, whose stages the producer has then filled: the producer puts the next tile with nothing else to wait
// for than a slot that is four tiles old. The consumers wait for units that are brought once those kUnitsHeld before
// them, which they have written, have been read by the TMA.
//
// C may be D. A unit of C is read once, before the same unit of D is written, and by the block that writes it.
#pragma once

#include "common/static_for.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/fp8_1d1d_params.hpp"
#include "sm90/tile_order.cuh"
#include "sm90/tile_ring.cuh"
#include "sm90/unit_ring.cuh"
#include "sm90/warpgroup_share.cuh"

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
        if (more) static_for<kHeld>([&](auto unit) { prepare<unit>(tile); });
        while (more) {
            static_for<kUnits>([&](auto unit) {
                ptx::mbarrier_wait(ring.template written<unit>(number()), ring.template parity<unit>(number()));
                send<unit>(tile);
                if constexpr (unit + kHeld < kUnits) {  // the consumers wait for its place
                    ptx::tma_store_wait_read();
                    prepare<unit + kHeld>(tile);
                }
            });
            more = tiles.take_alone(tile);
            if (!more) break;
            static_for<kHeld>([&](auto unit) {
                ptx::tma_store_wait_read<kHeld - 1 - unit>();  // what was here before has left
                prepare<unit>(tile);
            });
        }
        ptx::tma_store_wait_read();  // shared memory outlives the stores
    }

   private:
    // Of the tile taken last, counted from 0 on.
    __device__ __forceinline__ uint32_t number() const { return tiles.count - 1; }

    // Where a unit's box begins, the row counted inside the tile.
    struct Place {
        int32_t x, row;
    };
    template <int kUnit>
    __device__ __forceinline__ Place place_of(const Tile& tile) const {
        const WarpgroupShare<Config> share{ring.group};
        return {tile.n * Config::kBlockN + share.first_column() + kUnit % Config::kUnitsOfPass * Config::kStoreColumns,
                share.first_row(kUnit / Config::kUnitsOfPass)};
    }
    // The TMA cuts boxes that cross the edge of C and D, and those beyond need none.
    __device__ __forceinline__ bool is_inside(const Tile& tile, const Place& place) const {
        return place.x < params.n && place.row < tile.rows;
    }

    // Makes the place of a unit ready for the consumers' sums, with C in it where there is one.
    template <int kUnit>
    __device__ __forceinline__ void prepare(const Tile& tile) const {
        const uint32_t ready = ring.template ready<kUnit>(number());
        const Place place = place_of<kUnit>(tile);
        if (params.adds_c != 0 && is_inside(tile, place)) {
            ptx::mbarrier_arrive_expect(ready, Config::kUnitBytes);
            ptx::tma_load(ring.template box<kUnit>(number()), &params.c, ready, place.x, tile.row + place.row);
        } else {
            ptx::mbarrier_arrive(ready);
        }
    }

    template <int kUnit>
    __device__ __forceinline__ void send(const Tile& tile) const {
        const Place place = place_of<kUnit>(tile);
        if (is_inside(tile, place)) {
            ptx::tma_store(&params.d, ring.template box<kUnit>(number()), place.x, tile.row + place.row);
        }
        ptx::tma_store_commit();  // also where nothing was sent: groups are counted
    }
};

}  // namespace aotgemm::sm90
