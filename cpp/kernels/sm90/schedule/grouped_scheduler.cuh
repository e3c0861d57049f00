// Which tile a thread block computes at each turn, where every group of rows has a B of its own. What the groups are
// stands in device memory and is read here, never by the host.
#pragma once

#include "common/grouping.hpp"
#include "sm90/schedule/dense_scheduler.cuh"

namespace aotgemm::sm90 {

// An index per row. A tile's group is that of its first row that has one; a tile of padding alone is passed over. Tile rows
// of one group that follow one another are a run, and bands begin anew with each run: blocks side by side read one B then.
// In bands across groups 128x192 tiles took 10% more cycles with 8 groups of 4,096 rows, and 128x160 tiles 56% more with 32
// groups of 256 and bands of 3 (H100 80GB HBM3, 2026-11-27, N = 4,096, K = 7,168).
template <class Config>
struct ContiguousOrder {
    static constexpr bool kWarpWide = true;
    static constexpr int32_t kLanes = 32, kPadding = -1, kNoRow = -2;
    static_assert(kGroupAlignment % Config::kBlockM == 0 && Config::kClusterM == 1);

    const int32_t* index;
    int32_t m, groups, group_m;
    int32_t rows, columns, next, step;
    int32_t lane, window = -kLanes, of_lane = kPadding;  // the tile row window + lane has group of_lane
    int32_t group = kPadding, start = 0, end = 0;        // the run: its group and tile rows
    int32_t before = 0;                                  // tiles in the runs before it
    Tile tile{};

    template <class Params>
    __device__ __forceinline__ explicit ContiguousOrder(const Params& params)
        : index(params.index),
          m(params.m),
          groups(params.groups),
          group_m(params.group_m),
          rows(tiles_of(params.m, Config::kBlockM)),
          columns(tiles_of(params.n, Config::kBlockN * Config::kClusterN)),
          next(static_cast<int32_t>(blockIdx.x) / Config::kClusterN),
          step(static_cast<int32_t>(gridDim.x) / Config::kClusterN),
          lane(static_cast<int32_t>(threadIdx.x) % kLanes) {}

    // By all lanes of a warp.
    __device__ __forceinline__ bool advance(uint32_t rank) {
        while (next - before >= tiles()) {
            before += tiles();
            if (!find_run()) return false;
        }
        const TilePlace at = place_tile<1, Config::kClusterN>(next - before, end - start, columns, group_m, rank);
        const int32_t row = (start + at.m) * Config::kBlockM;
        tile = {min(group, groups - 1), row, at.n, m - row};
        next += step;
        return true;
    }

   private:
    __device__ __forceinline__ int32_t tiles() const { return group < 0 ? 0 : (end - start) * columns; }

    // Goes on to the next run, of padding too.
    __device__ __forceinline__ bool find_run() {
        start = end;
        if (start >= rows) return false;
        if (start >= window + kLanes) look();
        group = __shfl_sync(0xFFFFFFFF, of_lane, start - window);
        uint32_t others = 0;
        while (others == 0) {
            others = __ballot_sync(0xFFFFFFFF, window + lane >= start && of_lane != group);
            if (others == 0) look();
        }
        end = window + __ffs(static_cast<int>(others)) - 1;
        return true;
    }

    // Reads the groups of the next 32 tile rows.
    __device__ __forceinline__ void look() {
        window += kLanes;
        const bool is_row = window + lane < rows;
        of_lane = is_row ? __ldg(index + (window + lane) * Config::kBlockM) : kNoRow;
        for (uint32_t padded = __ballot_sync(0xFFFFFFFF, is_row && of_lane < 0); padded != 0; padded &= padded - 1) {
            const int32_t of = __ffs(static_cast<int>(padded)) - 1;
            const int32_t found = first_group((window + of) * Config::kBlockM);
            if (lane == of) of_lane = found;
        }
    }

    // Of the tile whose first row is `row`, by all lanes.
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

// A number per group: rows that count (masked), where the group ends (psum), or none (batched). Groups are looked at
// 32 at a time, a lane each, so finding a tile's group costs one read per 32 groups however many there are.
template <class Config>
struct RaggedOrder {
    static constexpr bool kWarpWide = true;
    static constexpr Grouping kGrouping = Config::kGrouping;
    static constexpr int32_t kLanes = 32;
    static_assert(Config::kClusterM == 1);
    static_assert(kGrouping != Grouping::psum || kGroupAlignment % Config::kBlockM == 0);

    const int32_t* index;
    int32_t m, groups, group_m;
    int32_t columns, next, step;
    int32_t first = 0;       // group of lane 0
    int32_t before = 0;      // tiles in the groups before it
    int32_t start = 0, rows = 0;  // of this lane's group
    int32_t through = 0;     // tiles in the groups from `first` to this lane's
    Tile tile{};

    template <class Params>
    __device__ __forceinline__ explicit RaggedOrder(const Params& params)
        : index(params.index),
          m(params.m),
          groups(params.groups),
          group_m(params.group_m),
          columns(tiles_of(params.n, Config::kBlockN * Config::kClusterN)),
          next(static_cast<int32_t>(blockIdx.x) / Config::kClusterN),
          step(static_cast<int32_t>(gridDim.x) / Config::kClusterN) {
        look();
    }

    // By all lanes of a warp.
    __device__ __forceinline__ bool advance(uint32_t rank) {
        while (first < groups) {
            const uint32_t reached = __ballot_sync(0xFFFFFFFF, next - before < through);
            if (reached != 0) {
                take(__ffs(static_cast<int>(reached)) - 1, rank);
                next += step;
                return true;
            }
            before += __shfl_sync(0xFFFFFFFF, through, kLanes - 1);
            first += kLanes;
            look();
        }
        return false;
    }

   private:
    // Reads this lane's group and counts tiles up to it.
    __device__ __forceinline__ void look() {
        const int32_t group = first + static_cast<int32_t>(threadIdx.x) % kLanes;
        start = rows = 0;
        if (group < groups) {
            if constexpr (kGrouping == Grouping::psum) {
                start = group == 0 ? 0 : tiles_of(max(__ldg(index + group - 1), 0), kGroupAlignment) * kGroupAlignment;
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

    __device__ __forceinline__ void take(int32_t lane, uint32_t rank) {
        const int32_t of_group = __shfl_sync(0xFFFFFFFF, rows, lane), tile_rows = tiles_of(of_group, Config::kBlockM);
        const int32_t number = next - before - (__shfl_sync(0xFFFFFFFF, through, lane) - tile_rows * columns);
        const TilePlace at = place_tile<1, Config::kClusterN>(number, tile_rows, columns, group_m, rank);
        const int32_t row = at.m * Config::kBlockM;
        tile = {first + lane, __shfl_sync(0xFFFFFFFF, start, lane) + row, at.n, of_group - row};
    }
};

// Every group has all of D's rows and a range of K of its own, index[g] long; the tiles of a group are those of a dense
// matrix, and the groups follow one another.
template <class Config>
struct KGroupedOrder {
    static constexpr bool kWarpWide = false;
    static_assert(Config::kCluster == 1);

    const int32_t* index;
    int32_t m, groups, group_m;
    int32_t rows, columns, next, step;
    int32_t group = -1, k_start = 0, k_size = 0;  // the current tile's group and its range
    Tile tile{};

    template <class Params>
    __device__ __forceinline__ explicit KGroupedOrder(const Params& params)
        : index(params.index),
          m(params.m),
          groups(params.groups),
          group_m(params.group_m),
          rows(tiles_of(params.m, Config::kBlockM)),
          columns(tiles_of(params.n, Config::kBlockN)),
          next(static_cast<int32_t>(blockIdx.x)),
          step(static_cast<int32_t>(gridDim.x)) {}

    __device__ __forceinline__ bool advance(uint32_t rank) {
        const int32_t of_group = rows * columns, wanted = next / of_group;
        if (wanted >= groups) return false;
        while (group < wanted) {
            k_start += k_size;
            k_size = max(__ldg(index + ++group), 0);
        }
        const TilePlace at = place_tile<1, 1>(next - wanted * of_group, rows, columns, group_m, rank);
        tile = {group, at.m * Config::kBlockM, at.n, m - at.m * Config::kBlockM};
        next += step;
        return true;
    }
};

template <class Config, Grouping kGrouping>
struct TileOrderOf {
    using Type = RaggedOrder<Config>;
};
template <class Config>
struct TileOrderOf<Config, Grouping::dense> {
    using Type = DenseOrder<Config>;
};
template <class Config>
struct TileOrderOf<Config, Grouping::contiguous> {
    using Type = ContiguousOrder<Config>;
};
template <class Config>
struct TileOrderOf<Config, Grouping::k_grouped> {
    using Type = KGroupedOrder<Config>;
};

}  // namespace aotgemm::sm90
