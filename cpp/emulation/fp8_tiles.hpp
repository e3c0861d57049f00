// The walk over the tiles of D that every FP8 call shares.
#pragma once

#include <algorithm>
#include <cstring>

#include "fp8_tile.hpp"
#include "parallel.hpp"

namespace aotgemm::emulation {

inline void clear(Fp8Accumulators& accumulators) { std::memset(&accumulators, 0, sizeof(accumulators)); }

// Calls body(tile, scratch) for tiles that cover D [a.rows, b.rows].
template <class Body>
void for_each_fp8_tile(Matrix<const std::uint8_t> a, Matrix<const std::uint8_t> b, int threads, Body&& body) {
    const std::int64_t row_tiles = (a.rows + kFp8TileRows - 1) / kFp8TileRows;
    const std::int64_t panels = (b.rows + kFp8PanelColumns - 1) / kFp8PanelColumns;
    const std::int64_t items = row_tiles * panels;
    const int used = usable_threads(threads, items, a.rows * b.rows * a.cols);
    for_each_item<Fp8Scratch>(items, used, [&](std::int64_t item, Fp8Scratch& scratch) {
        const std::int64_t row = item % row_tiles * kFp8TileRows;
        const std::int64_t column = item / row_tiles * kFp8PanelColumns;
        body(TileOrigin{row, column, static_cast<int>(std::min<std::int64_t>(kFp8TileRows, a.rows - row)),
                        static_cast<int>(std::min<std::int64_t>(kFp8PanelColumns, b.rows - column))},
             scratch);
    });
}

}  // namespace aotgemm::emulation
