// A subtile of D in a warp: from tensor memory, plus C where there is one, to swizzled shared memory.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "sm100/epilogue/swizzle.cuh"
#include "sm100/epilogue/tensor_load.cuh"

namespace aotgemm::sm100 {

__device__ __forceinline__ float widened(float value) { return value; }
__device__ __forceinline__ float widened(uint16_t bits) { return __uint_as_float(uint32_t{bits} << 16); }

// Where C is, for the rows and columns of one subtile. Rows and columns outside C are not read.
template <class Out>
struct CPlace {
    const Out* first;  // element of the subtile's first row and column; null for no C
    int64_t row_stride;
    int32_t rows, columns;  // that C has from there on

    __device__ __forceinline__ float at(int row, int column) const {
        if (row >= rows || column >= columns) return 0;
        return widened(first[row * row_stride + column]);
    }
};

// The lane's row of a subtile, all of its columns. A row of C starts at a multiple of 16 bytes, and N is a multiple of 8:
// 16 bytes are inside, or outside, as a whole.
template <class Config>
struct RowSubtile {
    using Out = typename Config::Out;
    static constexpr int kValues = Config::kStoreColumns, kChunk = 16 / static_cast<int>(sizeof(Out));

    uint32_t sums[kValues];

    // `address`: the accumulator's, at the warp's first lane. `subtile`: number in the tile.
    __device__ __forceinline__ void load(uint32_t address, int subtile) {
        load_columns<typename LaneLoad<kValues>::Type>(sums, address + subtile * kValues);
        wait_for_loads(sums);
    }

    __device__ __forceinline__ void add(const CPlace<Out>& c, int lane) {
        if (lane >= c.rows) return;
        static_for<kValues / kChunk>([&](auto chunk) {
            if (chunk * kChunk >= c.columns) return;
            const uint4 words = *reinterpret_cast<const uint4*>(c.first + lane * c.row_stride + chunk * kChunk);
            const uint32_t of_c[4] = {words.x, words.y, words.z, words.w};
            static_for<kChunk>([&](auto i) { add_to(sums[chunk * kChunk + i], element<i>(of_c)); });
        });
    }

    __device__ __forceinline__ void write(uint32_t buffer, int lane) const {
        static_for<kValues / kChunk>([&](auto chunk) {
            const uint32_t to = swizzled<Config::kStoreRowBytes>(buffer, lane, chunk);
            uint32_t words[4];
            static_for<4>([&](auto i) { words[i] = word<chunk * kChunk, i>(); });
            ptx::store_4_words(to, words[0], words[1], words[2], words[3]);
        });
    }

   private:
    __device__ __forceinline__ static void add_to(uint32_t& sum, float of_c) {
        sum = __float_as_uint(__fadd_rn(of_c, __uint_as_float(sum)));
    }
    template <int kIndex>
    __device__ __forceinline__ static float element(const uint32_t (&words)[4]) {
        if constexpr (sizeof(Out) == 4) return __uint_as_float(words[kIndex]);
        return widened(static_cast<uint16_t>(words[kIndex / 2] >> kIndex % 2 * 16));
    }
    template <int kFirst, int kWord>
    __device__ __forceinline__ uint32_t word() const {
        if constexpr (sizeof(Out) == 4) return sums[kFirst + kWord];
        return ptx::pack_bf16(__uint_as_float(sums[kFirst + 2 * kWord]), __uint_as_float(sums[kFirst + 2 * kWord + 1]));
    }
};

// With swap_ab and FP32 out: the lane's column, a register for each row. 32 lanes write 128 adjacent bytes.
template <class Config>
struct ColumnSubtile {
    static constexpr int kValues = Config::kStoreRows;
    static_assert(sizeof(typename Config::Out) == 4);

    uint32_t sums[kValues];

    __device__ __forceinline__ void load(uint32_t address, int subtile) {
        load_columns<typename LaneLoad<kValues>::Type>(sums, address + subtile * kValues);
        wait_for_loads(sums);
    }
    __device__ __forceinline__ void add(const CPlace<float>& c, int lane) {
        static_for<kValues>([&](auto row) {
            sums[row] = __float_as_uint(__fadd_rn(c.at(row, lane), __uint_as_float(sums[row])));
        });
    }
    __device__ __forceinline__ void write(uint32_t buffer, int lane) const {
        static_for<kValues>([&](auto row) {
            const uint32_t to = swizzled<128>(buffer, row, lane / 4) + lane % 4 * 4;
            ptx::store_word(to, static_cast<int32_t>(sums[row]));
        });
    }
};

// With swap_ab and BF16 out: matrices of 8 columns of D by 8 rows, which stmatrix transposes. 16 lanes of tensor memory
// after the other: the lower ones in the first half of the registers.
template <class Config>
struct MatrixSubtile {
    using Out = typename Config::Out;
    static constexpr int kRows = Config::kStoreRows, kHalf = kRows / 2;
    static_assert(sizeof(Out) == 2);

    uint32_t sums[2 * kHalf];

    __device__ __forceinline__ void load(uint32_t address, int subtile) {
        using Load = typename MatrixLoad<kRows>::Type;
        constexpr uint32_t kSixteenLanes = 16 << 16;
        load_columns<Load, 0>(sums, address + subtile * kRows);
        load_columns<Load, kHalf>(sums, address + subtile * kRows + kSixteenLanes);
        wait_for_loads(sums);
    }
    __device__ __forceinline__ void add(const CPlace<Out>& c, int lane) {
        static_for<2 * kHalf>([&](auto i) {
            constexpr int kInHalf = i % kHalf;
            const int row = kInHalf / 4 * 8 + lane % 4 * 2 + kInHalf % 2;
            const int column = i / kHalf * 16 + kInHalf % 4 / 2 * 8 + lane / 4;
            sums[i] = __float_as_uint(__fadd_rn(c.at(row, column), __uint_as_float(sums[i])));
        });
    }
    // 16 rows of D by 16 columns at a time. Lane t gives the address of 8 columns of a row: columns by t / 8 % 2, the rows'
    // half by t / 16, the row in it by t % 8.
    __device__ __forceinline__ void write(uint32_t buffer, int lane) const {
        static_for<2 * kRows / 16>([&](auto i) {
            constexpr int kColumns = i % 2, kRow = i / 2 * 16, kFirst = kColumns * kHalf + kRow / 8 * 4;
            const int row = kRow + lane / 16 * 8 + lane % 8, chunk = kColumns * 2 + lane / 8 % 2;
            ptx::stmatrix<true>(swizzled<Config::kStoreRowBytes>(buffer, row, chunk), pack<kFirst>(),
                                pack<kFirst + 2>(), pack<kFirst + 4>(), pack<kFirst + 6>());
        });
    }

   private:
    template <int kFirst>
    __device__ __forceinline__ uint32_t pack() const {
        return ptx::pack_bf16(__uint_as_float(sums[kFirst]), __uint_as_float(sums[kFirst + 1]));
    }
};

template <class Config>
using Subtile = std::conditional_t<
    !Config::kSwapAB, RowSubtile<Config>,
    std::conditional_t<sizeof(typename Config::Out) == 4, ColumnSubtile<Config>, MatrixSubtile<Config>>>;

}  // namespace aotgemm::sm100
