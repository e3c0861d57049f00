// The epilogue of bf16: sums, plus C where there is one, through swizzled shared memory, out by TMA.
//
// Each warpgroup stores its own part of the D tile, box by box, and in it each warp its own 16 rows, so nobody waits for
// another one, and the last stores run on while the next tile is multiplied. With swap_ab a warp has columns of D, too
// few for a box, and the warpgroup stores together.
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
struct SumEpilogue {
    using Out = typename Config::Out;
    using Unit = SumUnit<Config, Consumer>;
    static constexpr int kSumsOfUnit = Unit::kSums;
    // C is read this many units ahead, as far as the registers go: one latency then, not one for each unit.
    static constexpr int kRegistersForC = std::clamp(Config::kConsumerRegisters - 88 - Config::kPasses * Config::kSums, 16, 48);
    static constexpr int kUnitsOfC =
        std::clamp(kRegistersForC * 4 / (kSumsOfUnit * static_cast<int>(sizeof(Out))), 1, Config::kUnits);

    const Params& params;
    const Consumer& consumer;

    __device__ __forceinline__ void store(const Tile& tile) const {
        const bool storing = (!Config::kSwapAB || consumer.warp == 0) && ptx::elect_one();
        const bool all_rows = !Config::kSomeRows || ask_for_all_rows(tile);
        UnitOfC c[kUnitsOfC];
        static_for<kUnitsOfC>([&](auto unit) { load_c(c[unit], tile, place_of<unit>(tile)); });
        static_for<Config::kUnits>([&](auto unit) {
            const Place place = place_of<unit>(tile);
            float sums[kSumsOfUnit];
            static_for<kSumsOfUnit>([&](auto i) { sums[i] = consumer.template sum<unit * kSumsOfUnit + i>(); });
            add_c(sums, c[unit % kUnitsOfC]);
            if constexpr (unit + kUnitsOfC < Config::kUnits) {
                load_c(c[unit % kUnitsOfC], tile, place_of<unit + kUnitsOfC>(tile));
            }
            const uint32_t buffer = consumer.shared + (consumer.group * Config::kUnitsHeld + unit % Config::kUnitsHeld) *
                                                          Config::kUnitBytes;
            if (storing) ptx::tma_store_wait_read<Config::kUnitsHeld - 1>();  // what was here before has left
            sync_storing();
            sums_in_unit().write(sums, buffer);
            ptx::fence_async_proxy();
            sync_storing();
            if (!all_rows) {
                write_rows(buffer, tile, place);
            } else if (storing) {
                send(buffer, tile, place);
            }
            if (storing) ptx::tma_store_commit();  // also where nothing was sent: groups are counted
        });
    }

   private:
    static constexpr int kBoxes = Config::kSwapAB ? 64 / Config::kStoreColumns : 1;  // of a unit
    static constexpr int kBoxRows = Config::kSwapAB ? Config::kBlockM : 64;

    // First row of a unit inside its tile, and first column in D. The instruction's rows are D's columns with swap_ab.
    struct Place {
        int32_t row, column;
    };

    template <int kUnit>
    __device__ __forceinline__ Place place_of(const Tile& tile) const {
        const int32_t first_column = tile.n * Config::kBlockN, of_rows = consumer.first_row(kUnit / Config::kUnitsOfPass);
        if constexpr (Config::kSwapAB) return {consumer.first_column(), first_column + of_rows};
        return {of_rows, first_column + consumer.first_column() + kUnit % Config::kUnitsOfPass * Config::kStoreColumns};
    }

    // Those who store together: how many threads, how many rows of D of each box.
    static constexpr int kStoringThreads = Config::kSwapAB ? 128 : 32;
    static constexpr int kStoringRows = Config::kSwapAB ? Config::kBlockM : 16;

    __device__ __forceinline__ int storing_thread() const {
        return Config::kSwapAB ? consumer.warp * 32 + consumer.lane : consumer.lane;
    }
    // The first of their rows in a box.
    __device__ __forceinline__ int storing_row() const { return Config::kSwapAB ? 0 : consumer.warp * 16; }

    __device__ __forceinline__ void sync_storing() const {
        if constexpr (Config::kSwapAB) {
            ptx::sync_threads(1 + consumer.group, 128);
        } else {
            __syncwarp();
        }
    }

    // Whether row `row` of the tile belongs to its group.
    __device__ __forceinline__ bool is_wanted(const Tile& tile, int row) const {
        if (row >= tile.rows) return false;
        return Config::kGrouping != Grouping::contiguous || __ldg(params.index + tile.row + row) >= 0;
    }

    // Meets those who store together, and says whether each of their rows is to be written.
    __device__ __forceinline__ bool ask_for_all_rows(const Tile& tile) const {
        bool wanted = true;
        if constexpr (Config::kSwapAB) {
            for (int row = storing_thread(); row < Config::kInstructionN; row += kStoringThreads) {
                wanted = wanted && is_wanted(tile, consumer.first_column() + row);
            }
            return ptx::all_threads(1 + consumer.group, 128, wanted);
        } else {
            static_for<Config::kPasses>([&](auto pass) {
                wanted = wanted && is_wanted(tile, consumer.first_row(pass) + storing_row() + consumer.lane % 16);
            });
            return __all_sync(0xFFFFFFFF, wanted);
        }
    }

    __device__ __forceinline__ Unit sums_in_unit() const { return {consumer}; }

    struct UnitOfC {
        Out values[kSumsOfUnit];
    };

    // What lies outside C is read at its edge, to no effect.
    __device__ __forceinline__ void load_c(UnitOfC& unit, const Tile& tile, const Place& place) const {
        if constexpr (Config::kSomeRows) return;
        if (params.c == nullptr) return;
        Out(&values)[kSumsOfUnit] = unit.values;
        const Unit at = sums_in_unit();
        static_for<kSumsOfUnit / 2>([&](auto j) {
            if constexpr (Config::kSwapAB) {
                values[2 * j] = *in_c<1>(tile, place.row + at.column_of(2 * j), place.column + at.row_of(2 * j));
                values[2 * j + 1] = *in_c<1>(tile, place.row + at.column_of(2 * j + 1), place.column + at.row_of(2 * j));
            } else {
                const auto* pair = in_c<2>(tile, place.row + at.row_of(2 * j), place.column + at.column_of(2 * j));
                const Pair both = *reinterpret_cast<const Pair*>(pair);
                values[2 * j] = both.first;
                values[2 * j + 1] = both.second;
            }
        });
    }

    __device__ __forceinline__ void add_c(float (&sums)[kSumsOfUnit], const UnitOfC& unit) const {
        if constexpr (Config::kSomeRows) return;
        if (params.c == nullptr) return;
        static_for<kSumsOfUnit>([&](auto i) { sums[i] = __fadd_rn(Unit::widened(unit.values[i]), sums[i]); });
    }

    // Two adjacent elements of C, the first in an even column: N is even, and rows start at multiples of 16 bytes.
    struct alignas(2 * sizeof(Out)) Pair {
        Out first, second;
    };

    // `row` counts inside the tile, n in C; kCount elements are read there.
    template <int kCount>
    __device__ __forceinline__ const Out* in_c(const Tile& tile, int32_t row, int32_t n) const {
        return static_cast<const Out*>(params.c) + tile.group * params.c_group_stride +
               (tile.row + min(row, tile.rows - 1)) * params.c_row_stride + min(n, params.n - kCount);
    }

    // Boxes that lie outside D are not sent; one that crosses its edge is cut there by the TMA.
    __device__ __forceinline__ void send(uint32_t buffer, const Tile& tile, const Place& place) const {
        static_for<kBoxes>([&](auto box) {
            const int32_t x = place.column + box * Config::kStoreColumns, row = place.row + storing_row();
            const uint32_t from = buffer + (box * kBoxRows + storing_row()) * Config::kStoreRowBytes;
            if (row >= tile.rows || x >= params.n) return;
            if constexpr (Config::kGroupsOfD) {
                ptx::tma_store(&params.d, from, ptx::Point3{x, tile.row + row, tile.group});
            } else {
                ptx::tma_store(&params.d, from, x, tile.row + row);
            }
        });
    }

    // The wanted rows of a unit, 16 bytes a thread: N is a multiple of that.
    __device__ __forceinline__ void write_rows(uint32_t buffer, const Tile& tile, const Place& place) const {
        constexpr int kChunks = Config::kStoreRowBytes / 16, kElements = 16 / static_cast<int>(sizeof(Out));
        auto* d = static_cast<Out*>(params.d_data) + tile.group * params.d_group_stride;
        for (int i = storing_thread(); i < kBoxes * kStoringRows * kChunks; i += kStoringThreads) {
            const int chunk = i % kChunks, row = storing_row() + i / kChunks % kStoringRows, box = i / kChunks / kStoringRows;
            const int32_t x = place.column + box * Config::kStoreColumns + chunk * kElements;
            if (x >= params.n || !is_wanted(tile, place.row + row)) continue;
            const uint4 values = ptx::load_16_bytes(Unit::in_box(buffer + box * kBoxRows * Config::kStoreRowBytes, row, chunk));
            *reinterpret_cast<uint4*>(d + (tile.row + place.row + row) * params.d_row_stride + x) = values;
        }
    }
};

// A consumer's work: the producer's tiles, one after the other.
template <class Config, class Consumer, class Epilogue>
__device__ __forceinline__ void consume_tiles(uint32_t shared, Consumer& consumer, const Epilogue& epilogue) {
    TileRing<Config> tiles{shared};
    Tile tile;
    int32_t stages;
    while (tiles.take(tile, stages)) {
        consumer.multiply(stages);
        epilogue.store(tile);
    }
    ptx::tma_store_wait_read();
}

}  // namespace aotgemm::sm90
