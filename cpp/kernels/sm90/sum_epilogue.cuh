// The epilogue of bf16 and fp8_1d1d: sums, plus C where there is one, through swizzled shared memory, out by TMA.
//
// Each warpgroup stores its own part of the D tile, box by box, and in it each warp its own 16 rows, so nobody waits for
// another one, and the last stores run on while the next tile is multiplied. With swap_ab a warp has columns of D, too
// few for a box, and the warpgroup stores together.
#pragma once

#include <algorithm>

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "sm90/grouping.hpp"
#include "sm90/swizzle.cuh"
#include "sm90/tile_order.cuh"
#include "sm90/tile_ring.cuh"

namespace aotgemm::sm90 {

template <class Config, class Consumer, class Params>
struct SumEpilogue {
    using Out = typename Config::Out;
    static constexpr int kSumsOfUnit = Config::kSums / Config::kUnitsOfPass;
    static_assert(kSumsOfUnit % 4 == 0, "sums come by eight columns, four to a thread");
    static constexpr bool kFloats = sizeof(Out) == 4;
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
            write(sums, buffer);
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

    // Sum i of a unit belongs to row lane / 4 (and 8 more for i / 2 odd) of the warp's 16, on the instruction's M side,
    // and to column i / 4 * 8 + lane % 4 * 2 + i % 2 on its N side.
    __device__ __forceinline__ int row_of(int i) const { return consumer.warp * 16 + consumer.lane / 4 + i / 2 % 2 * 8; }
    __device__ __forceinline__ int column_of(int i) const { return i / 4 * 8 + consumer.lane % 4 * 2 + i % 2; }

    struct UnitOfC {
        Out values[kSumsOfUnit];
    };

    // What lies outside C is read at its edge, to no effect.
    __device__ __forceinline__ void load_c(UnitOfC& unit, const Tile& tile, const Place& place) const {
        if constexpr (Config::kSomeRows) return;
        if (params.c == nullptr) return;
        Out(&values)[kSumsOfUnit] = unit.values;
        static_for<kSumsOfUnit / 2>([&](auto j) {
            if constexpr (Config::kSwapAB) {
                values[2 * j] = *in_c<1>(tile, place.row + column_of(2 * j), place.column + row_of(2 * j));
                values[2 * j + 1] = *in_c<1>(tile, place.row + column_of(2 * j + 1), place.column + row_of(2 * j));
            } else {
                const auto* pair = in_c<2>(tile, place.row + row_of(2 * j), place.column + column_of(2 * j));
                const Pair both = *reinterpret_cast<const Pair*>(pair);
                values[2 * j] = both.first;
                values[2 * j + 1] = both.second;
            }
        });
    }

    __device__ __forceinline__ void add_c(float (&sums)[kSumsOfUnit], const UnitOfC& unit) const {
        if constexpr (Config::kSomeRows) return;
        if (params.c == nullptr) return;
        static_for<kSumsOfUnit>([&](auto i) { sums[i] = __fadd_rn(widened(unit.values[i]), sums[i]); });
    }

    // Two adjacent elements of C, the first in an even column: N is even, and rows start at multiples of 16 bytes.
    struct alignas(2 * sizeof(Out)) Pair {
        Out first, second;
    };
    __device__ __forceinline__ static float widened(float value) { return value; }
    __device__ __forceinline__ static float widened(uint16_t bits) { return __uint_as_float(uint32_t{bits} << 16); }

    // `row` counts inside the tile, n in C; kCount elements are read there.
    template <int kCount>
    __device__ __forceinline__ const Out* in_c(const Tile& tile, int32_t row, int32_t n) const {
        return static_cast<const Out*>(params.c) + tile.group * params.c_group_stride +
               (tile.row + min(row, tile.rows - 1)) * params.c_row_stride + min(n, params.n - kCount);
    }

    // Address of 16 bytes of a box.
    __device__ __forceinline__ static uint32_t in_box(uint32_t box, int row, int chunk) {
        if constexpr (Config::kStoreRowBytes == 128) return swizzled<128>(box, row, chunk);
        return box + row * Config::kStoreRowBytes + chunk * 16;
    }

    __device__ __forceinline__ void write(const float (&sums)[kSumsOfUnit], uint32_t buffer) const {
        if constexpr (kFloats && Config::kSwapAB) {
            write_floats_swapped(sums, buffer);
        } else if constexpr (kFloats) {
            write_floats(sums, buffer);
        } else if constexpr (Config::kSwapAB) {
            write_bf16_swapped(sums, buffer);
        } else {
            write_bf16(sums, buffer);
        }
    }

    // 16 columns at a time: matrices in the order upper left, lower left, upper right, lower right.
    __device__ __forceinline__ void write_bf16(const float (&sums)[kSumsOfUnit], uint32_t buffer) const {
        const int row = consumer.warp * 16 + consumer.lane % 16;
        static_for<kSumsOfUnit / 8>([&](auto j) {
            ptx::store_matrices<false>(in_box(buffer, row, j * 2 + consumer.lane / 16), pack<8 * j>(sums),
                                       pack<8 * j + 2>(sums), pack<8 * j + 4>(sums), pack<8 * j + 6>(sums));
        });
        if constexpr (kSumsOfUnit % 8 != 0) {
            constexpr int kAt = kSumsOfUnit / 8 * 8;
            ptx::store_matrices<false>(in_box(buffer, row, kAt / 4), pack<kAt>(sums), pack<kAt + 2>(sums));
        }
    }

    // The sums are D transposed: rows are weights, columns tokens. The store transposes back, 16 weights by 16 tokens
    // at a time (8 where the token tile ends).
    __device__ __forceinline__ void write_bf16_swapped(const float (&sums)[kSumsOfUnit], uint32_t buffer) const {
        const int chunk = consumer.warp * 2 + consumer.lane / 8 % 2;
        static_for<kSumsOfUnit / 8>([&](auto j) {
            const int token = j * 16 + consumer.lane / 16 * 8 + consumer.lane % 8;
            ptx::store_matrices<true>(swizzled<128>(buffer, token, chunk), pack<8 * j>(sums), pack<8 * j + 2>(sums),
                                      pack<8 * j + 4>(sums), pack<8 * j + 6>(sums));
        });
        if constexpr (kSumsOfUnit % 8 != 0) {
            constexpr int kAt = kSumsOfUnit / 8 * 8;
            const int token = kAt * 2 + consumer.lane % 8;
            ptx::store_matrices<true>(swizzled<128>(buffer, token, chunk), pack<kAt>(sums), pack<kAt + 2>(sums));
        }
    }

    template <int kFirst>
    __device__ __forceinline__ static uint32_t pack(const float (&sums)[kSumsOfUnit]) {
        return ptx::pack_bf16(sums[kFirst], sums[kFirst + 1]);
    }

    // A box, two adjacent sums at a time.
    __device__ __forceinline__ void write_floats(const float (&sums)[kSumsOfUnit], uint32_t buffer) const {
        static_for<kSumsOfUnit / 2>([&](auto j) {
            const int column = column_of(2 * j);
            const uint32_t to = in_box(buffer, row_of(2 * j), column / 4) + column % 4 * 4;
            asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(to), "f"(sums[2 * j]), "f"(sums[2 * j + 1]) : "memory");
        });
    }

    // Two boxes of 32 columns, a row for each token; two warps fill one of them.
    __device__ __forceinline__ void write_floats_swapped(const float (&sums)[kSumsOfUnit], uint32_t buffer) const {
        const uint32_t box = buffer + consumer.warp / 2 * (Config::kBlockM * 128);
        static_for<kSumsOfUnit>([&](auto i) {
            const int column = row_of(i) % 32;
            const uint32_t to = swizzled<128>(box, column_of(i), column / 4) + column % 4 * 4;
            asm volatile("st.shared.f32 [%0], %1;" ::"r"(to), "f"(sums[i]) : "memory");
        });
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
            const uint4 values = ptx::load_16_bytes(in_box(buffer + box * kBoxRows * Config::kStoreRowBytes, row, chunk));
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
