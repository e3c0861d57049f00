// Which sums of a swapped tile a thread has, for kernels that store them from registers: a tile of few columns of D is
// too small for the way through shared memory to pay.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"
#include "sm90/schedule/dense_scheduler.cuh"

namespace aotgemm::sm90 {

// Calls body(i, row, column) for each sum i of this thread that is inside D and inside the tile, which has kBlockN
// columns of D, 16 for each of the first warps. `columns`: of D. AccumulatorLayout says where sums belong.
template <class Config, class Body>
__device__ __forceinline__ void for_sums_inside(const Tile& tile, int32_t columns, int warp, int lane, Body&& body) {
    static_assert(Config::kSwapAB && Config::kPasses == 1 && !Config::kSplitColumns && Config::kBlockN % 16 == 0);
    if (warp * 16 >= Config::kBlockN) return;
    const int32_t first_column = tile.n * Config::kBlockN + warp * 16 + lane / 4;
    static_for<Config::kInstructionN / 2>([&](auto i) {
        const int32_t row = i / 4 * 8 + lane % 4 * 2 + i % 2, column = first_column + i / 2 % 2 * 8;
        if (row < tile.rows && column < columns) body(i, int64_t{tile.row} + row, column);
    });
}

}  // namespace aotgemm::sm90
