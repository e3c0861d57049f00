// Family fp8_gemm_1d2d on the CPU. Device twin: cpp/kernels/sm90/fp8_gemm_1d2d/kernel.cuh.
#include <algorithm>

#include "emulation/ops/fp8_gemm_1d2d.hpp"
#include "emulation/core/formats.hpp"
#include "emulation/sm90/fp8_tile.hpp"
#include "emulation/sm90/fp8_tiles.hpp"

namespace aotgemm::emulation {
namespace {

constexpr std::int64_t kScaleColumns = 128;  // columns of D (rows of B) that share one scale of B
static_assert(kScaleColumns % kFp8PanelColumns == 0, "a panel must not straddle two scales");

// A panel has one scale of B.
void load_scales(const Fp8Gemm1d2d& gemm, const TileOrigin& tile, std::int64_t block, Fp8BlockScales& scales) {
    const Matrix<const float>& sfb = gemm.sfb;
    const float b_scale = sfb.data[tile.column / kScaleColumns * sfb.row_stride + block * sfb.col_stride];
    load_row_scales(gemm.sfa, tile.row, tile.rows, block, scales.row);
    std::fill_n(scales.column, kFp8PanelColumns, b_scale);
}

void store_bf16(const TileOrigin& tile, const Fp8Accumulators& accumulators, const Fp8Gemm1d2d& gemm) {
    const Matrix<std::uint16_t>& d = gemm.d;
    for (int row = 0; row < tile.rows; ++row)
        for (int column = 0; column < tile.columns; ++column)
            d.data[(tile.row + row) * d.row_stride + column_of_d(gemm.skipped, tile.column + column) * d.col_stride] =
                bf16_from_float(accumulators.value[row][column]);
}

}  // namespace

void fp8_gemm_1d2d(std::span<const Fp8Gemm1d2d> gemms, int threads) {
    for_each_fp8_tile(gemms, threads, [](const Fp8Gemm1d2d& gemm, const TileOrigin& tile, Fp8Scratch& scratch) {
        accumulate_fp8_blocks(gemm, tile, scratch, load_scales);
        store_bf16(tile, scratch.promoted, gemm);
    });
}

}  // namespace aotgemm::emulation
