// The epilogue of bf16_gemm: sums, plus C where there is one, written to swizzled shared memory and stored by the TMA.
//
// Each consumer warpgroup stores its own part of the D tile, subtile by subtile, and each of its warps its own 16 rows:
// no warp waits for another one, and the last stores overlap the next tile's multiplications. With swap_ab a warp has
// columns of D, too few for a box, and the warpgroup stores together.
#pragma once

#include <algorithm>

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "common/grouping.hpp"
#include "sm90/epilogue/accumulator_layout.cuh"
#include "sm90/epilogue/padding_zeros.cuh"
#include "sm90/schedule/written_rows.cuh"
#include "sm90/pipeline/tile_queue.cuh"

namespace aotgemm::sm90 {

template <class Config, class Consumer, class Params>
struct TmaStoreEpilogue {
    using Out = typename Config::Out;
    using Layout = AccumulatorLayout<Config, Consumer>;
    static constexpr int kSumsPerSubtile = Layout::kSums, kStages = Config::kEpilogueStages;
    // Subtiles of C that are loaded ahead, as many as registers allow: one latency for all, not one for each subtile.
    static constexpr int kRegistersForC =
        std::clamp(Config::kConsumerRegisters - 88 - Config::kPasses * Config::kSums, 16, 48);
    static constexpr int kCSubtiles =
        std::clamp(kRegistersForC * 4 / (kSumsPerSubtile * static_cast<int>(sizeof(Out))), 1, Config::kSubtiles);

    const Params& params;
    const Consumer& consumer;

    // Whether all rows of a warpgroup may be others than its group's.
    static constexpr bool kMayHaveNoRows =
        Config::kHasOtherRows && Config::kConsumers > 1 && !Config::kSplitColumns && !Config::kSwapAB;

    // contiguous: the group of the row of the tile that this thread looks after, for `has_no_rows` and `store`. The
    // consumer calls this a tile ahead, as the index is in device memory.
    __device__ __forceinline__ int32_t load_row_group(const Tile& tile) const {
        if constexpr (Config::kGrouping != Grouping::contiguous) return 0;
        const int row = first_row() + part().row();
        return part().has_row() && row < tile.rows ? __ldg(params.index + tile.row + row) : -1;
    }

    // Whether none of this warpgroup's rows is its group's, so that it need not multiply. Where its rows are those of
    // another warpgroup too, some are. All of its threads call this.
    __device__ __forceinline__ bool has_no_rows(const Tile& tile, int32_t row_group) const {
        if constexpr (!kMayHaveNoRows) return false;
        if constexpr (Config::kGrouping != Grouping::contiguous) return first_row() >= tile.rows;
        return ptx::named_barrier_all(1 + consumer.group, 128, row_group < 0);
    }

    __device__ __forceinline__ void store(const Tile& tile, PaddingTiles padding = {}, int32_t row_group = 0) const {
        const bool storing = (!Config::kSwapAB || consumer.warp == 0) && ptx::elect_one();
        const WrittenRows rows = written_rows<Config>(params, tile, padding);
        const bool keeps_rows = keeps_row(tile, row_group);
        const bool all_keep = !kZeroesPadding<Config::kGrouping> || __all_sync(0xFFFFFFFF, keeps_rows);
        CSubtile c[kCSubtiles];
        static_for<kCSubtiles>([&](auto i) { load_c(c[i], tile, coord_of<i>(tile)); });
        static_for<Config::kSubtiles>([&](auto subtile) {
            const Coord coord = coord_of<subtile>(tile);
            float sums[kSumsPerSubtile];
            static_for<kSumsPerSubtile>([&](auto i) {
                sums[i] = consumer.template sum<subtile * kSumsPerSubtile + i>();
            });
            add_c(sums, c[subtile % kCSubtiles]);
            if constexpr (subtile + kCSubtiles < Config::kSubtiles) {
                load_c(c[subtile % kCSubtiles], tile, coord_of<subtile + kCSubtiles>(tile));
            }
            const int stage = consumer.group * kStages + subtile % kStages;
            const uint32_t buffer = consumer.shared + stage * Config::kSubtileBytes;
            if (storing) ptx::tma_store_wait_read<kStages - 1>();  // the TMA has read the stage's previous subtile
            sync_storing();
            layout().write(sums, buffer);
            if constexpr (kZeroesPadding<Config::kGrouping>) {
                if (!all_keep) zero_padding(buffer, keeps_rows);
            }
            ptx::fence_async_proxy();
            sync_storing();
            if (!stores_box(tile, rows, coord.row)) {
                write_rows(buffer, tile, coord, rows.end);
            } else if (storing) {
                tma_store_subtile(buffer, tile, coord, rows.end);
            }
            if (storing) ptx::tma_store_commit();  // an empty group too: waits count groups
        });
        if constexpr (kZeroesPadding<Config::kGrouping>) {
            const int thread = (consumer.group * 4 + consumer.warp) * 32 + consumer.lane;
            zero_rows_beside<Config, Out>(params, tile, rows, thread);
        }
    }

   private:
    static constexpr int kBoxes = Config::kSwapAB ? 64 / Config::kStoreColumns : 1;  // of a subtile
    static constexpr int kBoxRows = Config::kSwapAB ? Config::kBlockM : 64;

    // With swap_ab the instruction's rows are D's columns.
    struct Coord {
        int32_t row;     // of the subtile's first row, inside the tile
        int32_t column;  // of its first column, in D
    };

    template <int kSubtile>
    __device__ __forceinline__ Coord coord_of(const Tile& tile) const {
        constexpr int kPass = kSubtile / Config::kSubtilesPerPass, kInPass = kSubtile % Config::kSubtilesPerPass;
        const int32_t first_column = tile.n * Config::kBlockN, rows = consumer.first_row(kPass);
        if constexpr (Config::kSwapAB) return {consumer.first_column(), first_column + rows};
        return {rows, first_column + consumer.first_column() + kInPass * Config::kStoreColumns};
    }

    // A warp or, with swap_ab, a warpgroup stores together: its threads, and its rows of D in each box.
    static constexpr int kStoringThreads = Config::kSwapAB ? 128 : 32;
    static constexpr int kStoringRows = Config::kSwapAB ? Config::kBlockM : 16;

    __device__ __forceinline__ int storing_thread() const {
        return Config::kSwapAB ? consumer.warp * 32 + consumer.lane : consumer.lane;
    }
    // The first of these rows in a box.
    __device__ __forceinline__ int storing_row() const { return Config::kSwapAB ? 0 : consumer.warp * 16; }

    __device__ __forceinline__ void sync_storing() const {
        if constexpr (Config::kSwapAB) {
            ptx::named_barrier_sync(1 + consumer.group, 128);
        } else {
            __syncwarp();
        }
    }

    // First row of the tile that this warpgroup writes.
    __device__ __forceinline__ int first_row() const {
        return Config::kSwapAB ? consumer.first_column() : consumer.first_row(0);
    }

    __device__ __forceinline__ WarpPart<Config> part() const { return {consumer.warp, consumer.lane}; }

    // Whether the row that this lane looks after is its group's, or there is none.
    __device__ __forceinline__ bool keeps_row(const Tile& tile, int32_t row_group) const {
        if (!part().has_row()) return true;
        if constexpr (Config::kGrouping == Grouping::contiguous) return row_group >= 0;
        return first_row() + part().row() < tile.rows;
    }

    // Each warp zeroes the rows of padding in its part of a subtile.
    __device__ __forceinline__ void zero_padding(uint32_t buffer, bool keeps_row) const {
        static_assert(Config::kPasses == 1 || !kZeroesPadding<Config::kGrouping>);
        constexpr int kChunks = Config::kStoreRowBytes / 16;
        __syncwarp();
        if (keeps_row) return;
        part().template zero_row<kBoxes * kChunks>([&](int chunk) {
            const uint32_t box = buffer + chunk / kChunks * kBoxRows * Config::kStoreRowBytes;
            return Layout::in_box(box, part().row(), chunk % kChunks);
        });
    }

    // Whether the box whose first row is `row`, of the tile and of the threads that store together, leaves whole.
    __device__ __forceinline__ bool stores_box(const Tile& tile, const WrittenRows& rows, int row) const {
        if constexpr (!Config::kHasOtherRows || Config::kGrouping == Grouping::contiguous) return true;
        return rows.hold(tile, row + storing_row() + kStoringRows, params.m);
    }

    __device__ __forceinline__ Layout layout() const { return {consumer}; }

    struct CSubtile {
        Out values[kSumsPerSubtile];
    };

    // Elements outside C are read at its edge and have no effect.
    __device__ __forceinline__ void load_c(CSubtile& subtile, const Tile& tile, const Coord& coord) const {
        if constexpr (Config::kHasOtherRows) return;
        if (params.c == nullptr) return;
        Out(&values)[kSumsPerSubtile] = subtile.values;
        const Layout at = layout();
        static_for<kSumsPerSubtile / 2>([&](auto j) {
            if constexpr (Config::kSwapAB) {
                const int32_t column = coord.column + at.row_of(2 * j);
                values[2 * j] = *in_c<1>(tile, coord.row + at.column_of(2 * j), column);
                values[2 * j + 1] = *in_c<1>(tile, coord.row + at.column_of(2 * j + 1), column);
            } else {
                const auto* pair = in_c<2>(tile, coord.row + at.row_of(2 * j), coord.column + at.column_of(2 * j));
                const Pair both = *reinterpret_cast<const Pair*>(pair);
                values[2 * j] = both.first;
                values[2 * j + 1] = both.second;
            }
        });
    }

    __device__ __forceinline__ void add_c(float (&sums)[kSumsPerSubtile], const CSubtile& subtile) const {
        if constexpr (Config::kHasOtherRows) return;
        if (params.c == nullptr) return;
        static_for<kSumsPerSubtile>([&](auto i) { sums[i] = __fadd_rn(Layout::widened(subtile.values[i]), sums[i]); });
    }

    // Two adjacent elements of C, the first in an even column. N is even, and rows start at multiples of 16 bytes.
    struct alignas(2 * sizeof(Out)) Pair {
        Out first, second;
    };

    // Address of kCount elements of C: `row` counts inside the tile, n in C.
    template <int kCount>
    __device__ __forceinline__ const Out* in_c(const Tile& tile, int32_t row, int32_t n) const {
        return static_cast<const Out*>(params.c) + tile.group * params.c_group_stride +
               (tile.row + min(row, tile.rows - 1)) * params.c_row_stride + min(n, params.n - kCount);
    }

    // Boxes outside D are skipped; the TMA clips a box that crosses the edge.
    __device__ __forceinline__ void tma_store_subtile(uint32_t buffer, const Tile& tile, const Coord& coord,
                                                      int32_t end) const {
        static_for<kBoxes>([&](auto box) {
            const int32_t x = coord.column + box * Config::kStoreColumns, row = coord.row + storing_row();
            const uint32_t from = buffer + (box * kBoxRows + storing_row()) * Config::kStoreRowBytes;
            if (row >= end || x >= params.n) return;
            if constexpr (Config::kGroupsOfD) {
                ptx::tma_store(&params.d, from, ptx::Point3{x, tile.row + row, tile.group});
            } else {
                ptx::tma_store(&params.d, from, x, tile.row + row);
            }
        });
    }

    // Stores the rows of a subtile before `end` with ordinary stores, 16 bytes a thread: a row of D is a multiple of 16
    // bytes.
    __device__ __forceinline__ void write_rows(uint32_t buffer, const Tile& tile, const Coord& coord,
                                               int32_t end) const {
        constexpr int kChunks = Config::kStoreRowBytes / 16, kElements = 16 / static_cast<int>(sizeof(Out));
        auto* d = static_cast<Out*>(params.d_data) + tile.group * params.d_group_stride;
        for (int i = storing_thread(); i < kBoxes * kStoringRows * kChunks; i += kStoringThreads) {
            const int chunk = i % kChunks;
            const int row = storing_row() + i / kChunks % kStoringRows, box = i / kChunks / kStoringRows;
            const int32_t x = coord.column + box * Config::kStoreColumns + chunk * kElements;
            if (x >= params.n || coord.row + row >= end) continue;
            const uint4 values =
                ptx::load_16_bytes(Layout::in_box(buffer + box * kBoxRows * Config::kStoreRowBytes, row, chunk));
            *reinterpret_cast<uint4*>(d + (tile.row + coord.row + row) * params.d_row_stride + x) = values;
        }
    }
};

// A consumer warpgroup computes the tiles of groups of rows. It takes a tile before it stores the one before.
template <class Config, class Consumer, class Epilogue>
__device__ __forceinline__ void consume_grouped_tiles(uint32_t shared, Consumer& consumer, const Epilogue& epilogue) {
    TileQueue<Config> tiles{shared};
    Tile next;
    PaddingTiles next_padding;
    int32_t next_stages, next_row_group = 0;
    const auto pop_next = [&] {
        if (!tiles.pop(next, next_stages, next_padding)) return false;
        next_row_group = epilogue.load_row_group(next);
        return true;
    };
    bool more = pop_next();
    while (more) {
        const Tile tile = next;
        const PaddingTiles padding = next_padding;
        const int32_t row_group = next_row_group;
        if constexpr (Epilogue::kMayHaveNoRows) {
            // The compiler treats a shuffle's result as uniform, see TileQueue::pop.
            const int32_t stages = __shfl_sync(0xFFFFFFFF, epilogue.has_no_rows(tile, row_group) ? 0 : next_stages, 0);
            consumer.multiply(stages);
            consumer.skip(next_stages - stages);
        } else {
            consumer.multiply(next_stages);
        }
        more = pop_next();
        epilogue.store(tile, padding, row_group);
    }
    ptx::tma_store_wait_read();
}

// A consumer warpgroup computes the producer's tiles, one after the other.
template <class Config, class Consumer, class Epilogue>
__device__ __forceinline__ void consume_tiles(uint32_t shared, Consumer& consumer, const Epilogue& epilogue) {
    if constexpr (Config::kHasOtherRows) return consume_grouped_tiles<Config>(shared, consumer, epilogue);
    TileQueue<Config> tiles{shared};
    Tile tile;
    int32_t stages;
    while (tiles.pop(tile, stages)) {
        consumer.multiply(stages);
        epilogue.store(tile);
    }
    ptx::tma_store_wait_read();
}

}  // namespace aotgemm::sm90
