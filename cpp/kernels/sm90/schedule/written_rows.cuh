// Which rows of D a tile writes. Rows of its group among them are products; the others are padding and become zeros.
//
// Tiles of padding alone are not scheduled: where their span has a row of a group, the tile before or after them writes
// their zeros, which costs a few stores and no turn in the tile queue.
#pragma once

#include <cstdint>

#include "common/grouping.hpp"
#include "sm90/schedule/dense_scheduler.cuh"

namespace aotgemm::sm90 {

// Whether the scheduler says which tiles of padding a tile writes, see PaddingTiles.
template <class Config>
inline constexpr bool kHasPaddingTiles =
    Config::kGrouping == Grouping::contiguous && Config::kBlockM < kGroupAlignment;

// contiguous: rows of the tiles of padding beside a tile, in its span.
struct PaddingTiles {
    int32_t packed = 0;

    __device__ __forceinline__ static PaddingTiles of(int32_t before, int32_t after) { return {before | after << 16}; }
    __device__ __forceinline__ int32_t before() const { return packed & 0xFFFF; }
    __device__ __forceinline__ int32_t after() const { return packed >> 16; }
};

template <class Config, class Scheduler>
__device__ __forceinline__ PaddingTiles padding_of(const Scheduler& scheduler) {
    if constexpr (kHasPaddingTiles<Config>) return scheduler.padding;
    return {};
}

// Rows -before to end - 1, counted from the tile's first row.
struct WrittenRows {
    int32_t before, end;

    // Whether a box of rows up to `box_end` may be stored whole: it ends with these rows, or the TMA clips it at m.
    __device__ __forceinline__ bool hold(const Tile& tile, int32_t box_end, int32_t m) const {
        return end >= box_end || tile.row + end >= m;
    }
};

template <class Config, class Params>
__device__ __forceinline__ WrittenRows written_rows(const Params& params, const Tile& tile, PaddingTiles padding) {
    if constexpr (Config::kGrouping == Grouping::contiguous) {
        return {padding.before(), min(Config::kBlockM + padding.after(), tile.rows)};
    } else if constexpr (Config::kGrouping == Grouping::psum) {
        if (tile.rows > Config::kBlockM) return {0, Config::kBlockM};  // the group's next tile follows
        const int32_t group_end = tile.row + tile.rows;
        const int32_t aligned = tiles_of(group_end, params.group_alignment) * params.group_alignment;
        return {0, min(aligned, params.m) - tile.row};
    } else {
        return {0, tile.rows};
    }
}

}  // namespace aotgemm::sm90
