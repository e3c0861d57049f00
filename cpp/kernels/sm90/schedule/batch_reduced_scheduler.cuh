// The scheduler of sums over batches: each of the R matrices of D [R, M, N] is the sum over a range of batches.
#pragma once

#include "sm90/schedule/grouped_scheduler.cuh"

namespace aotgemm::sm90 {

// The tiles of a range are numbered like those of a dense matrix, range after range, so that the blocks at work share
// the range's operands in the L2. All ranges have equally many batches, except the last one, which has the rest.
template <class Config>
struct BatchReducedScheduler {
    static constexpr bool kWarpWide = false;
    static_assert(Config::kCluster == 1);

    int32_t m, ranges, batches, group_m;
    int32_t rows, columns, next, step;
    int32_t first_batch = 0, batch_count = 0;  // of the current tile's range
    Tile tile{};

    template <class Params>
    __device__ __forceinline__ explicit BatchReducedScheduler(const Params& params)
        : m(params.m),
          ranges(params.ranges),
          batches(params.groups),
          group_m(params.group_m),
          rows(tiles_of(params.m, Config::kBlockM)),
          columns(tiles_of(params.n, Config::kBlockN)),
          next(static_cast<int32_t>(blockIdx.x)),
          step(static_cast<int32_t>(gridDim.x)) {}

    __device__ __forceinline__ bool advance(uint32_t rank) {
        const int32_t of_range = rows * columns, range = next / of_range;
        if (range >= ranges) return false;
        const int32_t of_all = tiles_of(batches, ranges);
        first_batch = range * of_all;
        batch_count = min(of_all, batches - first_batch);
        const TileCoord at = rasterize<1, 1>(next - range * of_range, rows, columns, group_m, rank);
        tile = {range, at.m * Config::kBlockM, at.n, m - at.m * Config::kBlockM};
        next += step;
        return true;
    }
};

template <class Config>
struct SchedulerOf<Config, Grouping::batch_reduced> {
    using Type = BatchReducedScheduler<Config>;
};

}  // namespace aotgemm::sm90
