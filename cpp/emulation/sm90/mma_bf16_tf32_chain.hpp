// BF16 and TF32 chains: tensor-core steps over all of K, and over the K of each further batch where there are several.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include "emulation/emulation.hpp"
#include "emulation/core/formats.hpp"
#include "emulation/core/parallel.hpp"
#include "emulation/sm90/mma_bf16_tf32_special.hpp"
#include "emulation/sm90/mma_bf16_tf32_tile.hpp"

namespace aotgemm::emulation {

struct Bf16Format {
    using Bits = std::uint16_t;
    static constexpr int kStep = 16;
    static float value(Bits bits) { return float_from_bf16(bits); }
};

struct Tf32Format {
    using Bits = std::uint32_t;
    static constexpr int kStep = 8;
    static constexpr Bits kIgnored = (1u << 13) - 1;
    static float value(Bits bits) { return std::bit_cast<float>(bits & ~kIgnored); }
};

template <class Format>
float element(Matrix<const typename Format::Bits> matrix, std::int64_t row, std::int64_t k) {
    return k < matrix.cols ? Format::value(matrix.data[row * matrix.row_stride + k * matrix.col_stride]) : 0.0f;
}

// Operands of one chain for each output: pairs of matrices one after the other, batch_stride elements apart. A step
// never holds two batches: zeros fill up the K of each.
template <class Format>
struct MmaBf16Tf32Operands {
    using Operand = Matrix<const typename Format::Bits>;
    Operand a, b;  // of the first batch
    std::int64_t batches = 1, a_batch_stride = 0, b_batch_stride = 0;

    MmaBf16Tf32Operands from_batch(std::int64_t batch) const {
        MmaBf16Tf32Operands out = *this;
        out.a.data += batch * a_batch_stride;
        out.b.data += batch * b_batch_stride;
        out.batches -= batch;
        return out;
    }
};

struct Decoded {
    double value;
    std::int32_t exponent;
    bool is_special;
};

inline Decoded decode_mma_bf16_tf32(float value) {
    const auto field = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(value) >> 23 & 0xFF);
    if (field == 0xFF) return {0.0, kLeastExponent, true};
    return {value, value == 0 ? kZeroExponent : std::max(field - 127, kLeastExponent), false};
}

template <class Format>
void load_panel(Matrix<const typename Format::Bits> b, const MmaBf16Tf32Tile& tile, std::int64_t k,
                MmaBf16Tf32Scratch& scratch) {
    for (int column = 0; column < kMmaBf16Tf32PanelColumns; ++column)
        for (int i = 0; i < kMmaBf16Tf32BlockK; ++i) {
            const bool is_present = column < tile.columns;
            const float value = is_present ? element<Format>(b, tile.column + column, k + i) : 0.0f;
            const Decoded decoded = decode_mma_bf16_tf32(value);
            scratch.panel.value[i][column] = decoded.value;
            scratch.panel.exponent[i][column] = decoded.exponent;
            scratch.column_is_special[column] |= decoded.is_special;
        }
}

template <class Format>
void load_rows(Matrix<const typename Format::Bits> a, const MmaBf16Tf32Tile& tile, std::int64_t k,
               MmaBf16Tf32Scratch& scratch) {
    for (int row = 0; row < tile.rows; ++row)
        for (int i = 0; i < kMmaBf16Tf32BlockK; ++i) {
            const Decoded decoded = decode_mma_bf16_tf32(element<Format>(a, tile.row + row, k + i));
            scratch.rows.value[row][i] = decoded.value;
            scratch.rows.exponent[row][i] = decoded.exponent;
            scratch.row_is_special[row] |= decoded.is_special;
        }
}

inline void reset(MmaBf16Tf32Scratch& scratch) {
    std::memset(scratch.chain, 0, sizeof(scratch.chain));
    std::memset(scratch.row_is_special, 0, sizeof(scratch.row_is_special));
    std::memset(scratch.column_is_special, 0, sizeof(scratch.column_is_special));
    for (auto& row : scratch.largest_exponent) std::fill(std::begin(row), std::end(row), kLeastExponent);
}

template <class Format>
void run_tile(const MmaBf16Tf32Operands<Format>& operands, const MmaBf16Tf32Tile& tile, MmaBf16Tf32Scratch& scratch) {
    reset(scratch);
    for (std::int64_t batch = 0; batch < operands.batches; ++batch) {
        const auto [a, b, left, a_stride, b_stride] = operands.from_batch(batch);
        for (std::int64_t k = 0; k < a.cols; k += kMmaBf16Tf32BlockK) {
            load_panel<Format>(b, tile, k, scratch);
            load_rows<Format>(a, tile, k, scratch);
            const auto present = std::min<std::int64_t>(kMmaBf16Tf32BlockK, a.cols - k);
            const auto steps = static_cast<int>((present + Format::kStep - 1) / Format::kStep);
            run_mma_bf16_tf32_steps(tile, Format::kStep, steps, scratch);
        }
    }
}

// The fast path's value where no special value and no overflow reached it, the scalar chain's otherwise.
template <class Format>
float finish(const MmaBf16Tf32Operands<Format>& operands, const MmaBf16Tf32Tile& tile,
             const MmaBf16Tf32Scratch& scratch, int row, int column) {
    const bool is_special = scratch.row_is_special[row] || scratch.column_is_special[column];
    if (!is_special && scratch.largest_exponent[row][column] <= kMostExponent) return scratch.chain[row][column];
    float chain = 0.0f;
    for (std::int64_t batch = 0; batch < operands.batches; ++batch) {
        const MmaBf16Tf32Operands<Format> here = operands.from_batch(batch);
        chain = scalar_mma_bf16_tf32_chain(
            chain, here.a.cols, Format::kStep,
            [&](std::int64_t k) { return element<Format>(here.a, tile.row + row, k); },
            [&](std::int64_t k) { return element<Format>(here.b, tile.column + column, k); });
    }
    return chain;
}

// Calls store(i, row, column, chain) for every output of each sums[i]. There is at least one, and all have one size.
template <class Format, class Store>
void for_each_mma_bf16_tf32_chain(std::span<const MmaBf16Tf32Operands<Format>> sums, int threads, Store&& store) {
    const std::int64_t rows = sums[0].a.rows, columns = sums[0].b.rows;
    const std::int64_t row_tiles = (rows + kMmaBf16Tf32TileRows - 1) / kMmaBf16Tf32TileRows;
    const std::int64_t tiles = row_tiles * ((columns + kMmaBf16Tf32PanelColumns - 1) / kMmaBf16Tf32PanelColumns);
    const std::int64_t items = tiles * static_cast<std::int64_t>(sums.size());
    const std::int64_t steps = sums[0].batches * sums[0].a.cols;
    const int used = usable_threads(threads, items, static_cast<std::int64_t>(sums.size()) * rows * columns * steps);
    for_each_item<MmaBf16Tf32Scratch>(items, used, [&](std::int64_t item, MmaBf16Tf32Scratch& scratch) {
        const MmaBf16Tf32Operands<Format>& operands = sums[static_cast<std::size_t>(item / tiles)];
        const std::int64_t place = item % tiles;
        MmaBf16Tf32Tile tile{place % row_tiles * kMmaBf16Tf32TileRows, place / row_tiles * kMmaBf16Tf32PanelColumns, 0,
                             0};
        tile.rows = static_cast<int>(std::min<std::int64_t>(kMmaBf16Tf32TileRows, rows - tile.row));
        tile.columns = static_cast<int>(std::min<std::int64_t>(kMmaBf16Tf32PanelColumns, columns - tile.column));
        run_tile<Format>(operands, tile, scratch);
        for (int row = 0; row < tile.rows; ++row)
            for (int column = 0; column < tile.columns; ++column)
                store(item / tiles, tile.row + row, tile.column + column,
                      finish<Format>(operands, tile, scratch, row, column));
    });
}

// Calls store(row, column, chain) for every output of a @ b^T.
template <class Format, class Store>
void for_each_mma_bf16_tf32_chain(Matrix<const typename Format::Bits> a, Matrix<const typename Format::Bits> b,
                                  int threads, Store&& store) {
    const MmaBf16Tf32Operands<Format> one{a, b};
    for_each_mma_bf16_tf32_chain<Format>(std::span(&one, 1), threads,
                                         [&](std::int64_t, std::int64_t row, std::int64_t column, float chain) {
                                             store(row, column, chain);
                                         });
}

}  // namespace aotgemm::emulation
