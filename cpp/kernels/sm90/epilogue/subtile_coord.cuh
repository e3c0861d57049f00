// Coordinates of an epilogue subtile in C and D.
#pragma once

#include <cstdint>

#include "sm90/schedule/dense_scheduler.cuh"
#include "sm90/pipeline/warpgroup_share.cuh"

namespace aotgemm::sm90 {

struct SubtileCoord {
    int32_t x, row;  // first column and row of its box in C and D
    bool is_inside;  // the TMA clips boxes that cross the edge; boxes beyond the edge are skipped
};

// Subtile `subtile` of consumer warpgroup `group` in a tile of D, which has n columns.
template <class Config>
__device__ __forceinline__ SubtileCoord subtile_coord(const Tile& tile, int32_t n, int group, int subtile) {
    const WarpgroupShare<Config> share{group};
    const int32_t row = share.first_row(subtile / Config::kSubtilesPerPass);
    const int32_t x = tile.n * Config::kBlockN + share.first_column() +
                      subtile % Config::kSubtilesPerPass * Config::kStoreColumns;
    return {x, tile.row + row, x < n && row < tile.rows};
}

}  // namespace aotgemm::sm90
