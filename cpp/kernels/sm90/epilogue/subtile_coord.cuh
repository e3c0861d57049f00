// Where a unit of C or D lies.
#pragma once

#include <cstdint>

#include "sm90/schedule/dense_scheduler.cuh"
#include "sm90/pipeline/warpgroup_share.cuh"

namespace aotgemm::sm90 {

struct UnitPlace {
    int32_t x, row;  // where its box begins in C and D
    bool is_inside;  // the TMA cuts boxes that cross the edge, and those beyond need none
};

// Unit `unit` of consumer warpgroup `group` in a tile of D, which has n columns.
template <class Config>
__device__ __forceinline__ UnitPlace place_of_unit(const Tile& tile, int32_t n, int group, int unit) {
    const WarpgroupShare<Config> share{group};
    const int32_t row = share.first_row(unit / Config::kUnitsOfPass);
    const int32_t x = tile.n * Config::kBlockN + share.first_column() + unit % Config::kUnitsOfPass * Config::kStoreColumns;
    return {x, tile.row + row, x < n && row < tile.rows};
}

}  // namespace aotgemm::sm90
