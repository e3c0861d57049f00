// The scheduler of grouped calls in clusters of two blocks, which multiply two tile rows of one group and share the tiles
// of B. The last row of an odd number of them has no partner of its group: there the two blocks multiply neighbours along
// N and share the tile of A.
//
// Blocks of one B that run alone drift apart, the more so where a group ends inside a tile and one of them has less to
// multiply. The L2 then no longer holds what the slower one needs: single 128x192 tiles read 1.9 GB from device memory
// where A, B and D are 1.1 GB, pairs of DeepGEMM 1.2 GB (NVIDIA H200, 2026-11-28, 32 groups of 154 to 357 rows, N =
// 4,096, K = 7,168).
#pragma once

#include "sm90/schedule/grouped_scheduler.cuh"

namespace aotgemm::sm90 {

// Tiles as wide as D: the grouped schedulers then find a group's tile rows, one by one.
template <class Config>
struct TileRowConfig : Config {
    static constexpr int kClusterM = 1, kClusterN = 1, kCluster = 1;
};
struct TileRowParams {
    const int32_t* index;
    int32_t m, groups, group_alignment;
    int32_t n = 1, group_m = 1;
};

template <class Config>
struct PairedScheduler {
    static constexpr bool kWarpWide = true;
    using Rows = typename SchedulerOf<TileRowConfig<Config>, Config::kGrouping>::Type;
    static_assert(Config::kClusterM == 2 && Config::kClusterN == 1);

    Rows rows;
    int32_t group_m;  // pairs of tile rows in a band, see rasterize
    int32_t columns, next, step;
    Tile first{};           // of the current group or run
    int32_t tile_rows = 0;  // in it
    int32_t pairs = 0, before = 0;  // of tiles: in it, and in all earlier ones
    Tile tile{};
    bool shares_b = false;  // otherwise A
    PaddingTiles padding{};

    template <class Params>
    __device__ __forceinline__ explicit PairedScheduler(const Params& params)
        : rows(TileRowParams{params.index, params.m, params.groups, params.group_alignment}),
          group_m(params.group_m),
          columns(tiles_of(params.n, Config::kBlockN)),
          next(static_cast<int32_t>(blockIdx.x) / 2),
          step(static_cast<int32_t>(gridDim.x) / 2) {
        rows.next = 0;
        rows.step = 1;
    }

    // All lanes of the producer warp call this.
    __device__ __forceinline__ bool advance(uint32_t rank) {
        while (next - before >= pairs) {
            before += pairs;
            if (!find_tile_rows()) return false;
        }
        place(next - before, static_cast<int32_t>(rank));
        next += step;
        return true;
    }

   private:
    // Finds the next group or run that has any.
    __device__ __forceinline__ bool find_tile_rows() {
        rows.next += max(tile_rows - 1, 0);
        if (!rows.advance(0)) return false;
        first = rows.tile;
        if constexpr (Config::kGrouping == Grouping::contiguous) {
            tile_rows = rows.end - rows.start;
        } else {
            tile_rows = tiles_of(first.rows, Config::kBlockM);
        }
        pairs = tile_rows / 2 * columns + tile_rows % 2 * tiles_of(columns, 2);
        return true;
    }

    // Bands of group_m pairs of tile rows. The row without a partner belongs to the last band, where its pair follows
    // those of the same two columns.
    __device__ __forceinline__ void place(int32_t number, int32_t rank) {
        const int32_t of_rows = tile_rows / 2, last_band = max(of_rows - 1, 0) / group_m;
        const int32_t band = min(number / (group_m * columns), last_band), within = number - band * group_m * columns;
        const int32_t height = min(group_m, of_rows - band * group_m);
        const int32_t single = band == last_band ? tile_rows % 2 : 0;
        const int32_t two_columns = within / (2 * height + single), in_two = within - two_columns * (2 * height + single);
        const int32_t column = two_columns * 2;
        shares_b = in_two < min(2, columns - column) * height;
        if (shares_b) {
            const int32_t right = in_two / height;
            select((band * group_m + in_two - right * height) * 2 + rank, column + right);
        } else {
            select(tile_rows - 1, column + rank);
        }
    }

    __device__ __forceinline__ void select(int32_t tile_row, int32_t column) {
        const int32_t down = tile_row * Config::kBlockM;
        tile = {first.group, first.row + down, column, first.rows - down};
        if constexpr (kHasPaddingTiles<Config>) {
            padding = PaddingTiles::of(tile_row == 0 ? rows.padding_before * Config::kBlockM : 0,
                                       tile_row == tile_rows - 1 ? rows.padding_after * Config::kBlockM : 0);
        }
    }
};

}  // namespace aotgemm::sm90
