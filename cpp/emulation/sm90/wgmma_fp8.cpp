// An FP8 chain without scales: tensor-core steps over all of K.
#include "emulation/sm90/wgmma_fp8.hpp"

#include "emulation/core/formats.hpp"
#include "emulation/sm90/fp8_tiles.hpp"

namespace aotgemm::emulation {
namespace {

struct Chain {
    Matrix<const std::uint8_t> a, b;
};

struct NanSeen {
    bool rows[kFp8TileRows] = {};
    bool columns[kFp8PanelColumns] = {};

    void add(const TileOrigin& tile, const Fp8Scratch& scratch) {
        for (int row = 0; row < tile.rows; ++row) rows[row] |= scratch.rows.nan_mask[row] != 0.0f;
        for (int column = 0; column < tile.columns; ++column)
            columns[column] |= scratch.panel.nan_mask[column] != 0.0f;
    }
};

void store_chain(const TileOrigin& tile, const Fp8Accumulators& chain, const NanSeen& nan, Matrix<float> d) {
    for (int row = 0; row < tile.rows; ++row)
        for (int column = 0; column < tile.columns; ++column)
            d.data[(tile.row + row) * d.row_stride + (tile.column + column) * d.col_stride] =
                nan.rows[row] || nan.columns[column] ? canonical_nan() : chain.value[row][column];
}

}  // namespace

void fp8_chain(Matrix<const std::uint8_t> a, Matrix<const std::uint8_t> b, Matrix<float> d, int threads) {
    const Chain chain{a, b};
    for_each_fp8_tile(std::span(&chain, 1), threads, [&](const Chain&, const TileOrigin& tile, Fp8Scratch& scratch) {
        NanSeen nan;
        clear(scratch.chain);
        for (std::int64_t k = 0; k < a.cols; k += kFp8BlockK) {
            const int steps = load_fp8_block(a, b, tile, k, scratch);
            run_fp8_steps(tile, steps, scratch);
            nan.add(tile, scratch);
        }
        store_chain(tile, scratch.chain, nan, d);
    });
}

}  // namespace aotgemm::emulation
