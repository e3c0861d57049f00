// Family fp8_1d2d on the CPU.
#include <algorithm>

#include "emulation.hpp"
#include "formats.hpp"
#include "fp8_tile.hpp"
#include "fp8_tiles.hpp"

namespace aotgemm::emulation {
namespace {

constexpr std::int64_t kScaleColumns = 128;  // columns of D (rows of B) that share one scale of B
static_assert(kScaleColumns % kFp8PanelColumns == 0, "a panel must not straddle two scales");

// scale[r] = fl32(sfa * sfb), the factor of row r for one block of K.
void multiply_scales(Matrix<const float> sfa, Matrix<const float> sfb, const TileOrigin& tile, std::int64_t block,
                     float* scale) {
    const float b_scale =
        sfb.data[tile.column / kScaleColumns * sfb.row_stride + block * sfb.col_stride];
    for (int row = 0; row < tile.rows; ++row)
        scale[row] = sfa.data[(tile.row + row) * sfa.row_stride + block * sfa.col_stride] * b_scale;
}

void store_bf16(const TileOrigin& tile, const Fp8Accumulators& accumulators, Matrix<std::uint16_t> d) {
    for (int row = 0; row < tile.rows; ++row)
        for (int column = 0; column < tile.columns; ++column)
            d.data[(tile.row + row) * d.row_stride + (tile.column + column) * d.col_stride] =
                bf16_from_float(accumulators.value[row][column]);
}

}  // namespace

void fp8_gemm_1d2d(std::span<const Fp8Gemm1d2d> gemms, int threads) {
    for_each_fp8_tile(gemms, threads, [](const Fp8Gemm1d2d& gemm, const TileOrigin& tile, Fp8Scratch& scratch) {
        float scale[kFp8TileRows];
        clear(scratch.promoted);
        for (std::int64_t k = 0; k < gemm.a.cols; k += kFp8BlockK) {
            const int steps = load_fp8_block(gemm.a, gemm.b, tile, k, scratch);
            clear(scratch.chain);
            run_fp8_steps(tile, steps, scratch);
            multiply_scales(gemm.sfa, gemm.sfb, tile, k / kFp8BlockK, scale);
            promote_fp8_block(tile, scale, scratch);
        }
        store_bf16(tile, scratch.promoted, gemm.d);
    });
}

void fp8_gemm_1d2d(Matrix<const std::uint8_t> a, Matrix<const float> sfa, Matrix<const std::uint8_t> b,
                   Matrix<const float> sfb, Matrix<std::uint16_t> d, int threads) {
    const Fp8Gemm1d2d gemm{a, sfa, b, sfb, d};
    fp8_gemm_1d2d({&gemm, 1}, threads);
}

}  // namespace aotgemm::emulation
