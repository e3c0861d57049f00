// The schedulers of grouped calls, where every group has a B of its own. The sizes of the groups are in device memory:
// the producer warp reads them here, the host never does.
#pragma once

#include "common/grouping.hpp"
#include "sm90/schedule/dense_scheduler.cuh"
#include "sm90/schedule/written_rows.cuh"

namespace aotgemm::sm90 {

// contiguous: a group index per row. A tile's group is that of its first row with a group; tiles of padding rows alone
// are skipped. Consecutive tile rows of one group are a run, and each run starts a new band: neighbouring blocks then
// read one B. In bands across groups 128x192 tiles took 10% more cycles with 8 groups of 4,096 rows, and 128x160 tiles
// 56% more with 32 groups of 256 and bands of 3 (H100 80GB HBM3, 2026-11-27, N = 4,096, K = 7,168).
template <class Config>
struct ContiguousScheduler {
    static constexpr bool kWarpWide = true;
    static constexpr int32_t kLanes = 32, kPadding = -1, kNoRow = -2;
    static constexpr int32_t kSpan = kGroupAlignment / Config::kBlockM;  // tile rows; a window holds whole spans
    static_assert(kGroupAlignment % Config::kBlockM == 0 && Config::kClusterM == 1);

    const int32_t* index;
    int32_t m, groups, group_m;
    int32_t rows, columns, next, step;
    int32_t lane, window = -kLanes, of_lane = kPadding;  // tile row window + lane has group of_lane
    int32_t group = kPadding, start = 0, end = 0;        // of the current run: its group and tile rows
    int32_t before = 0;                                  // tiles in all previous runs
    int32_t padding_before = 0, padding_after = 0;       // tile rows of padding that the run's first and last one write
    Tile tile{};
    PaddingTiles padding{};

    template <class Params>
    __device__ __forceinline__ explicit ContiguousScheduler(const Params& params)
        : index(params.index),
          m(params.m),
          groups(params.groups),
          group_m(params.group_m),
          rows(tiles_of(params.m, Config::kBlockM)),
          columns(tiles_of(params.n, Config::kBlockN * Config::kClusterN)),
          next(static_cast<int32_t>(blockIdx.x) / Config::kClusterN),
          step(static_cast<int32_t>(gridDim.x) / Config::kClusterN),
          lane(static_cast<int32_t>(threadIdx.x) % kLanes) {}

    // All lanes of the producer warp call this.
    __device__ __forceinline__ bool advance(uint32_t rank) {
        while (next - before >= tiles()) {
            before += tiles();
            if (!find_run()) return false;
        }
        const TileCoord at = rasterize<1, Config::kClusterN>(next - before, end - start, columns, group_m, rank);
        const int32_t row = (start + at.m) * Config::kBlockM;
        tile = {min(group, groups - 1), row, at.n, m - row};
        if constexpr (kHasPaddingTiles<Config>) {
            const bool is_first = at.m == 0, is_last = at.m == end - start - 1;
            padding = PaddingTiles::of(is_first ? padding_before * Config::kBlockM : 0,
                                       is_last ? padding_after * Config::kBlockM : 0);
        }
        next += step;
        return true;
    }

   private:
    __device__ __forceinline__ int32_t tiles() const { return group < 0 ? 0 : (end - start) * columns; }

    // Advances to the next run, which may be one of padding.
    __device__ __forceinline__ bool find_run() {
        start = end;
        if (start >= rows) return false;
        if (start >= window + kLanes) load_group_window();
        group = __shfl_sync(0xFFFFFFFF, of_lane, start - window);
        if constexpr (kHasPaddingTiles<Config>) find_padding_before();
        uint32_t others = 0;
        while (others == 0) {
            others = __ballot_sync(0xFFFFFFFF, window + lane >= start && of_lane != group);
            if (others == 0) load_group_window();
        }
        end = window + __ffs(static_cast<int>(others)) - 1;
        if constexpr (kHasPaddingTiles<Config>) find_padding_after();
        return true;
    }

    // Between the span's start and the run's, if there is no other run.
    __device__ __forceinline__ void find_padding_before() {
        const int32_t row = window + lane, span = start / kSpan * kSpan;
        const bool is_of_group = row >= span && row < start && of_lane != kPadding;
        padding_before = __any_sync(0xFFFFFFFF, is_of_group) ? 0 : start - span;
    }

    // From the run's end to the next run or the span's end; the window holds them.
    __device__ __forceinline__ void find_padding_after() {
        const uint32_t others = __ballot_sync(0xFFFFFFFF, window + lane >= end && of_lane != kPadding);
        const int32_t next_run = others == 0 ? window + kLanes : window + __ffs(static_cast<int>(others)) - 1;
        padding_after = min(next_run, tiles_of(end, kSpan) * kSpan) - end;
    }

    // Loads the groups of the next 32 tile rows.
    __device__ __forceinline__ void load_group_window() {
        window += kLanes;
        const bool is_row = window + lane < rows;
        of_lane = is_row ? __ldg(index + (window + lane) * Config::kBlockM) : kNoRow;
        for (uint32_t padded = __ballot_sync(0xFFFFFFFF, is_row && of_lane < 0); padded != 0; padded &= padded - 1) {
            const int32_t of = __ffs(static_cast<int>(padded)) - 1;
            const int32_t found = first_group((window + of) * Config::kBlockM);
            if (lane == of) of_lane = found;
        }
    }

    // Group of the tile whose first row is `row`. All lanes call this.
    __device__ __forceinline__ int32_t first_group(int32_t row) const {
        const int32_t count = min(Config::kBlockM, m - row);
        for (int32_t i = 0; i < count; i += kLanes) {
            const int32_t mine = i + lane < count ? __ldg(index + row + i + lane) : kPadding;
            const uint32_t live = __ballot_sync(0xFFFFFFFF, mine >= 0);
            if (live != 0) return __shfl_sync(0xFFFFFFFF, mine, __ffs(static_cast<int>(live)) - 1);
        }
        return kPadding;
    }
};

// masked: a number of valid rows per group; psum: the end of each group; batched: no number. The producer warp loads a
// window of 32 groups, one a lane, so finding a tile's group costs one read per 32 groups, however many there are.
template <class Config>
struct RaggedScheduler {
    static constexpr bool kWarpWide = true;
    static constexpr Grouping kGrouping = Config::kGrouping;
    static constexpr int32_t kLanes = 32;
    static_assert(Config::kClusterM == 1);
    static_assert(kGrouping != Grouping::psum || kGroupAlignment % Config::kBlockM == 0);

    const int32_t* index;
    int32_t m, groups, group_m;
    int32_t alignment;  // psum: of the groups' first rows
    int32_t columns, next, step;
    int32_t first = 0;            // group of lane 0
    int32_t before = 0;           // tiles in the groups before it
    int32_t start = 0, rows = 0;  // of this lane's group
    int32_t through = 0;          // tiles in the groups from `first` to this lane's
    Tile tile{};

    template <class Params>
    __device__ __forceinline__ explicit RaggedScheduler(const Params& params)
        : index(params.index),
          m(params.m),
          groups(params.groups),
          group_m(params.group_m),
          alignment(params.group_alignment),
          columns(tiles_of(params.n, Config::kBlockN * Config::kClusterN)),
          next(static_cast<int32_t>(blockIdx.x) / Config::kClusterN),
          step(static_cast<int32_t>(gridDim.x) / Config::kClusterN) {
        load_group_window();
    }

    // All lanes of the producer warp call this.
    __device__ __forceinline__ bool advance(uint32_t rank) {
        while (first < groups) {
            const uint32_t reached = __ballot_sync(0xFFFFFFFF, next - before < through);
            if (reached != 0) {
                select_tile(__ffs(static_cast<int>(reached)) - 1, rank);
                next += step;
                return true;
            }
            before += __shfl_sync(0xFFFFFFFF, through, kLanes - 1);
            first += kLanes;
            load_group_window();
        }
        return false;
    }

   private:
    // Loads this lane's group and counts the tiles up to it.
    __device__ __forceinline__ void load_group_window() {
        const int32_t group = first + static_cast<int32_t>(threadIdx.x) % kLanes;
        start = rows = 0;
        if (group < groups) {
            if constexpr (kGrouping == Grouping::psum) {
                start = group == 0 ? 0 : tiles_of(max(__ldg(index + group - 1), 0), alignment) * alignment;
                rows = max(min(__ldg(index + group), m) - start, 0);
            } else if constexpr (kGrouping == Grouping::masked) {
                rows = max(min(__ldg(index + group), m), 0);
            } else {
                rows = m;
            }
        }
        through = tiles_of(rows, Config::kBlockM) * columns;
#pragma unroll
        for (int32_t distance = 1; distance < kLanes; distance *= 2) {
            const int32_t earlier = __shfl_up_sync(0xFFFFFFFF, through, distance);
            if (static_cast<int32_t>(threadIdx.x) % kLanes >= distance) through += earlier;
        }
    }

    __device__ __forceinline__ void select_tile(int32_t lane, uint32_t rank) {
        const int32_t of_group = __shfl_sync(0xFFFFFFFF, rows, lane), tile_rows = tiles_of(of_group, Config::kBlockM);
        const int32_t number = next - before - (__shfl_sync(0xFFFFFFFF, through, lane) - tile_rows * columns);
        const TileCoord at = rasterize<1, Config::kClusterN>(number, tile_rows, columns, group_m, rank);
        const int32_t row = at.m * Config::kBlockM;
        tile = {first + lane, __shfl_sync(0xFFFFFFFF, start, lane) + row, at.n, of_group - row};
    }
};

// k_grouped: every group has all of D's rows and a range of K of its own, index[g] long. Tiles are numbered group after
// group, within a group like those of a dense matrix.
template <class Config>
struct KGroupedScheduler {
    static constexpr bool kWarpWide = false;
    static_assert(Config::kCluster == 1);

    const int32_t* index;
    int32_t m, groups, group_m;
    int32_t rows, columns, next, step;
    int32_t group = -1, k_start = 0, k_size = 0;  // the current tile's group and its range
    Tile tile{};

    template <class Params>
    __device__ __forceinline__ explicit KGroupedScheduler(const Params& params)
        : index(params.index),
          m(params.m),
          groups(params.groups),
          group_m(params.group_m),
          rows(tiles_of(params.m, Config::kBlockM)),
          columns(tiles_of(params.n, Config::kBlockN)),
          next(static_cast<int32_t>(blockIdx.x)),
          step(static_cast<int32_t>(gridDim.x)) {}

    __device__ __forceinline__ bool advance(uint32_t rank) {
        const int32_t of_group = rows * columns, tile_group = next / of_group;
        if (tile_group >= groups) return false;
        while (group < tile_group) {
            k_start += k_size;
            k_size = max(__ldg(index + ++group), 0);
        }
        const TileCoord at = rasterize<1, 1>(next - tile_group * of_group, rows, columns, group_m, rank);
        tile = {group, at.m * Config::kBlockM, at.n, m - at.m * Config::kBlockM};
        next += step;
        return true;
    }
};

template <class Config, Grouping kGrouping>
struct SchedulerOf {
    using Type = RaggedScheduler<Config>;
};
template <class Config>
struct SchedulerOf<Config, Grouping::dense> {
    using Type = DenseScheduler<Config>;
};
template <class Config>
struct SchedulerOf<Config, Grouping::contiguous> {
    using Type = ContiguousScheduler<Config>;
};
template <class Config>
struct SchedulerOf<Config, Grouping::k_grouped> {
    using Type = KGroupedScheduler<Config>;
};

}  // namespace aotgemm::sm90
