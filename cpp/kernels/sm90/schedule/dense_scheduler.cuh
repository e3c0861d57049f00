// The scheduler of a dense matrix: the sequence of tiles of a persistent thread block. The sequence decides what stays
// in the L2, never a bit of the result.
#pragma once

#include <cstdint>

namespace aotgemm::sm90 {

// A tile of D. `row` counts rows of A and D (within the group where they have a group dimension), `n` tiles of columns.
struct Tile {
    int32_t group;
    int32_t row, n;
    int32_t rows;  // rows of the group from `row` on
};

// Maps a tile's number to its coordinates. Numbers run in bands of `group_m` tile rows: down a column of the band, then
// the next column, then the next band. A wave of blocks then shares group_m tiles of A and few tiles of B. A cluster
// has one number; its blocks are neighbours along M (kClusterM) or N (kClusterN).
struct TileCoord {
    int32_t m, n;
};
template <int kClusterM, int kClusterN>
__device__ __forceinline__ TileCoord rasterize(int32_t number, int32_t rows, int32_t columns, int32_t group_m,
                                                uint32_t rank) {
    const int32_t band = number / (group_m * columns);
    const int32_t within = number - band * group_m * columns;
    const int32_t height = min(group_m, rows - band * group_m);
    const int32_t column = within / height;
    return {(band * group_m + within - column * height) * kClusterM + (kClusterM > 1 ? static_cast<int32_t>(rank) : 0),
            column * kClusterN + (kClusterN > 1 ? static_cast<int32_t>(rank) : 0)};
}

constexpr __host__ __device__ int32_t tiles_of(int32_t size, int32_t tile) { return (size + tile - 1) / tile; }

template <class Config>
struct DenseScheduler {
    static constexpr bool kWarpWide = false;
    static constexpr int32_t kCluster = Config::kClusterM * Config::kClusterN;

    int32_t m, group_m;
    int32_t rows, columns;  // of cluster-sized tiles
    int32_t next, step;
    Tile tile{};

    template <class Params>
    __device__ __forceinline__ explicit DenseScheduler(const Params& params)
        : m(params.m),
          group_m(params.group_m),
          rows(tiles_of(params.m, Config::kBlockM * Config::kClusterM)),
          columns(tiles_of(params.n, Config::kBlockN * Config::kClusterN)),
          next(static_cast<int32_t>(blockIdx.x) / kCluster),
          step(static_cast<int32_t>(gridDim.x) / kCluster) {}

    __device__ __forceinline__ bool advance(uint32_t rank) {
        if (next >= rows * columns) return false;
        const TileCoord at = rasterize<Config::kClusterM, Config::kClusterN>(next, rows, columns, group_m, rank);
        tile = {0, at.m * Config::kBlockM, at.n, m - at.m * Config::kBlockM};
        next += step;
        return true;
    }
};

}  // namespace aotgemm::sm90
