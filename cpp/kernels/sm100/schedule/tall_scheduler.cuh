// The scheduler of psum tiles whose rows do not divide a span, 128 rows. Tiles begin where their group does, and the last
// one of a group may reach into rows of the next, as it may with any tile where groups start at smaller multiples.
#pragma once

#include <cstdint>

#include "common/grouping.hpp"
#include "sm90/schedule/grouped_scheduler.cuh"
#include "sm90/schedule/paired_scheduler.cuh"

namespace aotgemm::sm100 {

// Whether sm_90a's scheduler, which counts the tiles of 32 groups at once, takes no tile of so many rows.
template <class Config>
inline constexpr bool kIsTall =
    Config::kGrouping == sm90::Grouping::psum && sm90::kGroupAlignment % (Config::kBlockM * Config::kClusterM) != 0;

// Pieces of a group as wide as D, by which that scheduler finds the groups.
template <class Config>
struct PieceConfig : sm90::TileRowConfig<Config> {
    static constexpr int kBlockM = 128;
};

template <class Config>
struct TallScheduler {
    static constexpr bool kWarpWide = true;
    using Pieces = typename sm90::SchedulerOf<PieceConfig<Config>, Config::kGrouping>::Type;
    static_assert(Config::kClusterM == 1);

    Pieces pieces;
    int32_t group_m, columns, next, step;
    sm90::Tile first{};     // piece of the current group
    int32_t tile_rows = 0;  // in it
    int32_t before = 0;     // tiles in all earlier groups
    sm90::Tile tile{};

    template <class Params>
    __device__ __forceinline__ explicit TallScheduler(const Params& params)
        : pieces(sm90::TileRowParams{params.index, params.m, params.groups, params.group_alignment}),
          group_m(params.group_m),
          columns(sm90::tiles_of(params.n, Config::kBlockN * Config::kClusterN)),
          next(static_cast<int32_t>(blockIdx.x) / Config::kClusterN),
          step(static_cast<int32_t>(gridDim.x) / Config::kClusterN) {
        pieces.next = 0;
        pieces.step = 1;
    }

    // All lanes of the producer warp call this.
    __device__ __forceinline__ bool advance(uint32_t rank) {
        while (next - before >= tile_rows * columns) {
            before += tile_rows * columns;
            if (!find_group()) return false;
        }
        const sm90::TileCoord at =
            sm90::rasterize<1, Config::kClusterN>(next - before, tile_rows, columns, group_m, rank);
        const int32_t down = at.m * Config::kBlockM;
        tile = {first.group, first.row + down, at.n, first.rows - down};
        next += step;
        return true;
    }

   private:
    // Finds the next group that has rows.
    __device__ __forceinline__ bool find_group() {
        if (!pieces.advance(0)) return false;
        first = pieces.tile;
        tile_rows = sm90::tiles_of(first.rows, Config::kBlockM);
        pieces.next += sm90::tiles_of(first.rows, PieceConfig<Config>::kBlockM) - 1;
        return true;
    }
};

}  // namespace aotgemm::sm100
