// Layout of a thread's accumulators in a subtile of D: a box of 64 rows in shared memory or, with swap_ab, the boxes of
// one pass.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "sm90/epilogue/swizzle.cuh"

namespace aotgemm::sm90 {

template <class Config, class Consumer>
struct AccumulatorLayout {
    using Out = typename Config::Out;
    static constexpr int kSums = Config::kSums / Config::kSubtilesPerPass;  // of a thread and a subtile
    static_assert(kSums % 4 == 0, "sums come by eight columns, four to a thread");
    static constexpr bool kFloats = sizeof(Out) == 4;

    const Consumer& consumer;

    // Sum i of a subtile: row lane / 4 (plus 8 for i / 2 odd) of the warp's 16 on the instruction's M side, column
    // i / 4 * 8 + lane % 4 * 2 + i % 2 on its N side.
    __device__ __forceinline__ int row_of(int i) const {
        return consumer.warp * 16 + consumer.lane / 4 + i / 2 % 2 * 8;
    }
    __device__ __forceinline__ int column_of(int i) const { return i / 4 * 8 + consumer.lane % 4 * 2 + i % 2; }

    // Address of 16 bytes of a box.
    __device__ __forceinline__ static uint32_t in_box(uint32_t box, int row, int chunk) {
        return swizzled<Config::kStoreRowBytes>(box, row, chunk);
    }

    __device__ __forceinline__ static float widened(float value) { return value; }
    __device__ __forceinline__ static float widened(uint16_t bits) { return __uint_as_float(uint32_t{bits} << 16); }

    __device__ __forceinline__ void write(const float (&sums)[kSums], uint32_t buffer) const {
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

    // Adds the subtile of C that `buffer` holds. Each thread, and each warp's matrices, read the addresses that they
    // will write. Not with swap_ab.
    __device__ __forceinline__ void add(float (&sums)[kSums], uint32_t buffer) const {
        static_assert(!Config::kSwapAB);
        if constexpr (kFloats) {
            add_floats(sums, buffer);
        } else {
            add_bf16(sums, buffer);
        }
    }

   private:
    // 16 columns at a time; order of the matrices: upper left, lower left, upper right, lower right.
    __device__ __forceinline__ void write_bf16(const float (&sums)[kSums], uint32_t buffer) const {
        const int row = consumer.warp * 16 + consumer.lane % 16;
        static_for<kSums / 8>([&](auto j) {
            ptx::stmatrix<false>(in_box(buffer, row, j * 2 + consumer.lane / 16), pack<8 * j>(sums),
                                       pack<8 * j + 2>(sums), pack<8 * j + 4>(sums), pack<8 * j + 6>(sums));
        });
        if constexpr (kSums % 8 != 0) {
            constexpr int kAt = kSums / 8 * 8;
            ptx::stmatrix<false>(in_box(buffer, row, kAt / 4), pack<kAt>(sums), pack<kAt + 2>(sums));
        }
    }

    __device__ __forceinline__ void add_bf16(float (&sums)[kSums], uint32_t buffer) const {
        static_assert(kSums % 8 == 0);
        const int row = consumer.warp * 16 + consumer.lane % 16;
        uint4 c[kSums / 8];
        static_for<kSums / 8>([&](auto j) {
            c[j] = ptx::ldmatrix(in_box(buffer, row, j * 2 + consumer.lane / 16));
        });
        static_for<kSums / 8>([&](auto j) {
            add_pair<8 * j>(sums, c[j].x);
            add_pair<8 * j + 2>(sums, c[j].y);
            add_pair<8 * j + 4>(sums, c[j].z);
            add_pair<8 * j + 6>(sums, c[j].w);
        });
    }

    // The sums are D transposed: rows are weights, columns tokens. stmatrix transposes back, 16 weights by 16 tokens at
    // a time (8 tokens where the tile ends).
    __device__ __forceinline__ void write_bf16_swapped(const float (&sums)[kSums], uint32_t buffer) const {
        const int chunk = consumer.warp * 2 + consumer.lane / 8 % 2;
        static_for<kSums / 8>([&](auto j) {
            const int token = j * 16 + consumer.lane / 16 * 8 + consumer.lane % 8;
            ptx::stmatrix<true>(swizzled<128>(buffer, token, chunk), pack<8 * j>(sums), pack<8 * j + 2>(sums),
                                      pack<8 * j + 4>(sums), pack<8 * j + 6>(sums));
        });
        if constexpr (kSums % 8 != 0) {
            constexpr int kAt = kSums / 8 * 8;
            const int token = kAt * 2 + consumer.lane % 8;
            ptx::stmatrix<true>(swizzled<128>(buffer, token, chunk), pack<kAt>(sums), pack<kAt + 2>(sums));
        }
    }

    template <int kFirst>
    __device__ __forceinline__ static uint32_t pack(const float (&sums)[kSums]) {
        return ptx::pack_bf16(sums[kFirst], sums[kFirst + 1]);
    }

    // Two adjacent elements of C, the first in the low half.
    template <int kFirst>
    __device__ __forceinline__ static void add_pair(float (&sums)[kSums], uint32_t pair) {
        sums[kFirst] = __fadd_rn(widened(static_cast<uint16_t>(pair)), sums[kFirst]);
        sums[kFirst + 1] = __fadd_rn(widened(static_cast<uint16_t>(pair >> 16)), sums[kFirst + 1]);
    }

    // Address of two adjacent sums, i and i + 1.
    __device__ __forceinline__ uint32_t in_floats(uint32_t buffer, int i) const {
        const int column = column_of(i);
        return in_box(buffer, row_of(i), column / 4) + column % 4 * 4;
    }

    // One box, two adjacent sums at a time.
    __device__ __forceinline__ void write_floats(const float (&sums)[kSums], uint32_t buffer) const {
        static_for<kSums / 2>([&](auto j) {
            const uint32_t to = in_floats(buffer, 2 * j);
            asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(to), "f"(sums[2 * j]), "f"(sums[2 * j + 1])
                         : "memory");
        });
    }

    __device__ __forceinline__ void add_floats(float (&sums)[kSums], uint32_t buffer) const {
        float c[kSums];
        static_for<kSums / 2>([&](auto j) { ptx::load_words(c[2 * j], c[2 * j + 1], in_floats(buffer, 2 * j)); });
        static_for<kSums>([&](auto i) { sums[i] = __fadd_rn(widened(c[i]), sums[i]); });
    }

    // Two boxes of 32 columns, a row for each token; two warps fill each box.
    __device__ __forceinline__ void write_floats_swapped(const float (&sums)[kSums], uint32_t buffer) const {
        const uint32_t box = buffer + consumer.warp / 2 * (Config::kBlockM * 128);
        static_for<kSums>([&](auto i) {
            const int column = row_of(i) % 32;
            const uint32_t to = swizzled<128>(box, column_of(i), column / 4) + column % 4 * 4;
            asm volatile("st.shared.f32 [%0], %1;" ::"r"(to), "f"(sums[i]) : "memory");
        });
    }
};

}  // namespace aotgemm::sm90
