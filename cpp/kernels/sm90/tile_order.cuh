// Which tile a thread block computes at each turn. Order changes what stays in L2, never a bit of the result.
#pragma once

#include <cstdint>

namespace aotgemm::sm90 {

// Tiles are numbered in bands of band_m tile rows: down a column of the band, then the next column, then the next
// band. A wave of blocks then shares band_m tiles of A and few tiles of B. A cluster takes one number; its blocks are
// neighbours along M (cluster_m) or N (cluster_n).
template <int kClusterM, int kClusterN>
struct TileOrder {
    int32_t rows, columns;  // of cluster-sized tiles
    int32_t band_m;
    int32_t next, step;
    int32_t m, n;  // the current tile, in tiles

    __device__ __forceinline__ TileOrder(int32_t tiles_m, int32_t tiles_n, int32_t band)
        : rows((tiles_m + kClusterM - 1) / kClusterM),
          columns((tiles_n + kClusterN - 1) / kClusterN),
          band_m(band),
          next(static_cast<int32_t>(blockIdx.x) / (kClusterM * kClusterN)),
          step(static_cast<int32_t>(gridDim.x) / (kClusterM * kClusterN)) {}

    __device__ __forceinline__ bool advance(uint32_t rank) {
        if (next >= rows * columns) return false;
        const int32_t band = next / (band_m * columns);
        const int32_t within = next - band * band_m * columns;
        const int32_t height = min(band_m, rows - band * band_m);
        const int32_t column = within / height;
        m = (band * band_m + within - column * height) * kClusterM + (kClusterM > 1 ? rank : 0);
        n = column * kClusterN + (kClusterN > 1 ? rank : 0);
        next += step;
        return true;
    }
};

}  // namespace aotgemm::sm90
