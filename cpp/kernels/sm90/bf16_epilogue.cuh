// The epilogue of bf16: sums, plus C where there is one, through swizzled shared memory, out by TMA.
//
// Each warpgroup stores its own part of the D tile, unit by unit, so nobody waits for the other one, and the last
// stores run on while the next tile is multiplied.
#pragma once

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "sm90/bf16_consumer.cuh"
#include "sm90/bf16_params.hpp"
#include "sm90/swizzle.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct Bf16Epilogue {
    using Out = typename Config::Out;
    static constexpr int kSumsOfUnit = Config::kSums / Config::kUnitsOfPass;
    static constexpr bool kFloats = sizeof(Out) == 4;

    const Bf16GemmParams& params;
    const Bf16Consumer<Config>& consumer;

    __device__ __forceinline__ void store(int32_t tile_m, int32_t tile_n) const {
        const bool storing = consumer.warp == 0 && ptx::elect_one();
        static_for<Config::kUnits>([&](auto unit) {
            constexpr int kPass = unit / Config::kUnitsOfPass, kColumn = unit % Config::kUnitsOfPass * Config::kStoreColumns;
            // The unit's place in D; the instruction's rows are D's columns with swap_ab.
            int32_t row = tile_m * Config::kBlockM, column = tile_n * Config::kBlockN + kColumn;
            (Config::kSwapAB ? column : row) += consumer.first_row(kPass);
            (Config::kSwapAB ? row : column) += consumer.first_column();
            float sums[kSumsOfUnit];
            static_for<kSumsOfUnit>([&](auto i) { sums[i] = ptx::partial<unit * kSumsOfUnit + i>(); });
            if (params.c != nullptr) add_c(sums, row, column);
            const uint32_t buffer = consumer.shared + (consumer.group * Config::kUnitsHeld + unit % Config::kUnitsHeld) *
                                                          Config::kUnitBytes;
            if (storing) ptx::tma_store_wait_read<Config::kUnitsHeld - 1>();  // what was here before has left
            sync_group();
            write(sums, buffer);
            ptx::fence_async_proxy();
            sync_group();
            if (storing) send(buffer, row, column);
        });
    }

   private:
    __device__ __forceinline__ void sync_group() const { ptx::sync_threads(1 + consumer.group, 128); }

    // Sum i of a unit belongs to row lane / 4 (and 8 more for i / 2 odd) of the warp's 16, on the instruction's M side,
    // and to column i / 4 * 8 + lane % 4 * 2 + i % 2 on its N side.
    __device__ __forceinline__ int row_of(int i) const { return consumer.warp * 16 + consumer.lane / 4 + i / 2 % 2 * 8; }
    __device__ __forceinline__ int column_of(int i) const { return i / 4 * 8 + consumer.lane % 4 * 2 + i % 2; }

    // All loads before the first addition: their latencies overlap.
    __device__ __forceinline__ void add_c(float (&sums)[kSumsOfUnit], int32_t row, int32_t column) const {
        float values[kSumsOfUnit];
        static_for<kSumsOfUnit / 2>([&](auto j) {
            if constexpr (Config::kSwapAB) {
                values[2 * j] = element_of_c(row + column_of(2 * j), column + row_of(2 * j));
                values[2 * j + 1] = element_of_c(row + column_of(2 * j + 1), column + row_of(2 * j + 1));
            } else {
                load_pair_of_c(values[2 * j], values[2 * j + 1], row + row_of(2 * j), column + column_of(2 * j));
            }
        });
        static_for<kSumsOfUnit>([&](auto i) { sums[i] = __fadd_rn(values[i], sums[i]); });
    }

    __device__ __forceinline__ const Out* place_in_c(int32_t m, int32_t n) const {
        return static_cast<const Out*>(params.c) + m * params.c_row_stride + n;
    }

    __device__ __forceinline__ float element_of_c(int32_t m, int32_t n) const {
        if (m >= params.m || n >= params.n) return 0.0f;
        const Out value = *place_in_c(m, n);
        if constexpr (kFloats) {
            return value;
        } else {
            return __uint_as_float(uint32_t{value} << 16);
        }
    }

    // Columns n (even) and n + 1; rows of C start at multiples of 16 bytes.
    __device__ __forceinline__ void load_pair_of_c(float& first, float& second, int32_t m, int32_t n) const {
        first = second = 0.0f;
        if (m < params.m && n + 1 < params.n) {
            if constexpr (kFloats) {
                const float2 pair = *reinterpret_cast<const float2*>(place_in_c(m, n));
                first = pair.x;
                second = pair.y;
            } else {
                const uint32_t pair = *reinterpret_cast<const uint32_t*>(place_in_c(m, n));
                first = __uint_as_float(pair << 16);
                second = __uint_as_float(pair & 0xFFFF0000u);
            }
        } else {
            first = element_of_c(m, n);
        }
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
            ptx::store_matrices<false>(swizzled<128>(buffer, row, j * 2 + consumer.lane / 16), pack<8 * j>(sums),
                                       pack<8 * j + 2>(sums), pack<8 * j + 4>(sums), pack<8 * j + 6>(sums));
        });
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

    // A box of 32 columns, two adjacent sums at a time.
    __device__ __forceinline__ void write_floats(const float (&sums)[kSumsOfUnit], uint32_t buffer) const {
        static_for<kSumsOfUnit / 2>([&](auto j) {
            const int column = column_of(2 * j);
            const uint32_t to = swizzled<128>(buffer, row_of(2 * j), column / 4) + column % 4 * 4;
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
    __device__ __forceinline__ void send(uint32_t buffer, int32_t row, int32_t column) const {
        constexpr int kBoxes = Config::kSwapAB ? 64 / Config::kStoreColumns : 1;
        static_for<kBoxes>([&](auto box) {
            const int32_t x = column + box * Config::kStoreColumns;
            if (row < params.m && x < params.n) ptx::tma_store(&params.d, buffer + box * (Config::kBlockM * 128), x, row);
        });
        ptx::tma_store_commit();  // also where nothing was sent: groups are counted
    }
};

}  // namespace aotgemm::sm90
