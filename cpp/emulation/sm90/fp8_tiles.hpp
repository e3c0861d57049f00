// The loop over the tiles of D that all FP8 families share.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "emulation/sm90/fp8_tile.hpp"
#include "emulation/core/parallel.hpp"

namespace aotgemm::emulation {

inline void clear(Fp8Accumulators& accumulators) { std::memset(&accumulators, 0, sizeof(accumulators)); }

// Scales of rows [first, first + count) for one K block.
inline void load_row_scales(Matrix<const float> sf, std::int64_t first, int count, std::int64_t block, float* scales) {
    for (int row = 0; row < count; ++row) scales[row] = sf.data[(first + row) * sf.row_stride + block * sf.col_stride];
}

// scratch.promoted = the tile's sum over K: a chain of tensor-core steps for each block of 128, promoted in order.
// The FP8 families differ in load_scales(gemm, tile, block, scales).
template <class Gemm, class LoadScales>
void accumulate_fp8_blocks(const Gemm& gemm, const TileOrigin& tile, Fp8Scratch& scratch, LoadScales&& load_scales) {
    Fp8BlockScales scales;
    clear(scratch.promoted);
    for (std::int64_t k = 0; k < gemm.a.cols; k += kFp8BlockK) {
        const int steps = load_fp8_block(gemm.a, gemm.b, tile, k, scratch);
        clear(scratch.chain);
        run_fp8_steps(tile, steps, scratch);
        load_scales(gemm, tile, k / kFp8BlockK, scales);
        promote_fp8_block(tile, scales, scratch);
    }
}

inline std::int64_t row_tiles_of(std::int64_t rows) { return (rows + kFp8TileRows - 1) / kFp8TileRows; }

// Tile `item` of a D of `rows` x `columns`; neighbours in this order share their columns of D, so their rows of B.
inline TileOrigin fp8_tile_at(std::int64_t item, std::int64_t rows, std::int64_t columns) {
    const std::int64_t row = item % row_tiles_of(rows) * kFp8TileRows;
    const std::int64_t column = item / row_tiles_of(rows) * kFp8PanelColumns;
    return {row, column, static_cast<int>(std::min<std::int64_t>(kFp8TileRows, rows - row)),
            static_cast<int>(std::min<std::int64_t>(kFp8PanelColumns, columns - column))};
}

// Calls body(gemm, tile, scratch) for tiles that cover each D [gemm.a.rows, gemm.b.rows].
template <class Scratch = Fp8Scratch, class Gemm, class Body>
void for_each_fp8_tile(std::span<const Gemm> gemms, int threads, Body&& body) {
    std::vector<std::int64_t> ends;  // tiles of this GEMM and all before it
    std::int64_t items = 0, work = 0;
    for (const Gemm& gemm : gemms) {
        items += row_tiles_of(gemm.a.rows) * ((gemm.b.rows + kFp8PanelColumns - 1) / kFp8PanelColumns);
        work += gemm.a.rows * gemm.b.rows * gemm.a.cols;
        ends.push_back(items);
    }
    for_each_item<Scratch>(items, usable_threads(threads, items, work), [&](std::int64_t item, Scratch& scratch) {
        const auto index = std::upper_bound(ends.begin(), ends.end(), item) - ends.begin();
        const Gemm& gemm = gemms[static_cast<std::size_t>(index)];
        const std::int64_t first = index == 0 ? 0 : ends[static_cast<std::size_t>(index - 1)];
        body(gemm, fp8_tile_at(item - first, gemm.a.rows, gemm.b.rows), scratch);
    });
}

}  // namespace aotgemm::emulation
