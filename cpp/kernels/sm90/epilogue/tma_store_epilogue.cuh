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
#include "sm90/schedule/dense_scheduler.cuh"
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

    __device__ __forceinline__ void store(const Tile& tile) const {
        const bool storing = (!Config::kSwapAB || consumer.warp == 0) && ptx::elect_one();
        const bool all_rows = !Config::kMasksRows || vote_all_rows_valid(tile);
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
            ptx::fence_async_proxy();
            sync_storing();
            if (!all_rows) {
                write_rows(buffer, tile, coord);
            } else if (storing) {
                tma_store_subtile(buffer, tile, coord);
            }
            if (storing) ptx::tma_store_commit();  // an empty group too: waits count groups
        });
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

    // Whether row `row` of the tile belongs to its group.
    __device__ __forceinline__ bool is_row_valid(const Tile& tile, int row) const {
        if (row >= tile.rows) return false;
        return Config::kGrouping != Grouping::contiguous || __ldg(params.index + tile.row + row) >= 0;
    }

    // Synchronises the threads that store together; true if all of their rows are to be written.
    __device__ __forceinline__ bool vote_all_rows_valid(const Tile& tile) const {
        bool valid = true;
        if constexpr (Config::kSwapAB) {
            for (int row = storing_thread(); row < Config::kInstructionN; row += kStoringThreads) {
                valid = valid && is_row_valid(tile, consumer.first_column() + row);
            }
            return ptx::named_barrier_all(1 + consumer.group, 128, valid);
        } else {
            static_for<Config::kPasses>([&](auto pass) {
                valid = valid && is_row_valid(tile, consumer.first_row(pass) + storing_row() + consumer.lane % 16);
            });
            return __all_sync(0xFFFFFFFF, valid);
        }
    }

    __device__ __forceinline__ Layout layout() const { return {consumer}; }

    struct CSubtile {
        Out values[kSumsPerSubtile];
    };

    // Elements outside C are read at its edge and have no effect.
    __device__ __forceinline__ void load_c(CSubtile& subtile, const Tile& tile, const Coord& coord) const {
        if constexpr (Config::kMasksRows) return;
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
        if constexpr (Config::kMasksRows) return;
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
    __device__ __forceinline__ void tma_store_subtile(uint32_t buffer, const Tile& tile, const Coord& coord) const {
        static_for<kBoxes>([&](auto box) {
            const int32_t x = coord.column + box * Config::kStoreColumns, row = coord.row + storing_row();
            const uint32_t from = buffer + (box * kBoxRows + storing_row()) * Config::kStoreRowBytes;
            if (row >= tile.rows || x >= params.n) return;
            if constexpr (Config::kGroupsOfD) {
                ptx::tma_store(&params.d, from, ptx::Point3{x, tile.row + row, tile.group});
            } else {
                ptx::tma_store(&params.d, from, x, tile.row + row);
            }
        });
    }

    // Stores the valid rows of a subtile with ordinary stores, 16 bytes a thread: a row of D is a multiple of 16 bytes.
    __device__ __forceinline__ void write_rows(uint32_t buffer, const Tile& tile, const Coord& coord) const {
        constexpr int kChunks = Config::kStoreRowBytes / 16, kElements = 16 / static_cast<int>(sizeof(Out));
        auto* d = static_cast<Out*>(params.d_data) + tile.group * params.d_group_stride;
        for (int i = storing_thread(); i < kBoxes * kStoringRows * kChunks; i += kStoringThreads) {
            const int chunk = i % kChunks;
            const int row = storing_row() + i / kChunks % kStoringRows, box = i / kChunks / kStoringRows;
            const int32_t x = coord.column + box * Config::kStoreColumns + chunk * kElements;
            if (x >= params.n || !is_row_valid(tile, coord.row + row)) continue;
            const uint4 values =
                ptx::load_16_bytes(Layout::in_box(buffer + box * kBoxRows * Config::kStoreRowBytes, row, chunk));
            *reinterpret_cast<uint4*>(d + (tile.row + coord.row + row) * params.d_row_stride + x) = values;
        }
    }
};

// A consumer warpgroup computes the producer's tiles, one after the other.
template <class Config, class Consumer, class Epilogue>
__device__ __forceinline__ void consume_tiles(uint32_t shared, Consumer& consumer, const Epilogue& epilogue) {
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
