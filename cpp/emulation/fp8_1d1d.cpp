// Family fp8_1d1d on the CPU.
#include "emulation.hpp"
#include "formats.hpp"
#include "fp8_tile.hpp"
#include "fp8_tiles.hpp"

namespace aotgemm::emulation {
namespace {

void load_scales(const Fp8Gemm1d1d& gemm, const TileOrigin& tile, std::int64_t block, Fp8BlockScales& scales) {
    load_row_scales(gemm.sfa, tile.row, tile.rows, block, scales.row);
    load_row_scales(gemm.sfb, tile.column, tile.columns, block, scales.column);
}

float value_at(const Matrix<const void>& matrix, OutputType type, std::int64_t row, std::int64_t column) {
    const std::int64_t offset = row * matrix.row_stride + column * matrix.col_stride;
    if (type == OutputType::fp32) return static_cast<const float*>(matrix.data)[offset];
    return float_from_bf16(static_cast<const std::uint16_t*>(matrix.data)[offset]);
}

void put_value(const Matrix<void>& matrix, OutputType type, std::int64_t row, std::int64_t column, float value) {
    const std::int64_t offset = row * matrix.row_stride + column * matrix.col_stride;
    if (type == OutputType::fp32) {
        // A NaN leaves the GPU's FP32 units as the one NaN they know.
        static_cast<float*>(matrix.data)[offset] = value != value ? canonical_nan() : value;
    } else {
        static_cast<std::uint16_t*>(matrix.data)[offset] = bf16_from_float(value);
    }
}

void store(const Fp8Gemm1d1d& gemm, OutputType type, const TileOrigin& tile, const Fp8Accumulators& accumulators) {
    for (int i = 0; i < tile.rows; ++i) {
        for (int j = 0; j < tile.columns; ++j) {
            const std::int64_t row = tile.row + i, column = tile.column + j;
            const float sum = accumulators.value[i][j];
            const float value = gemm.c.data != nullptr ? value_at(gemm.c, type, row, column) + sum : sum;
            put_value(gemm.d, type, row, column, value);
        }
    }
}

}  // namespace

void fp8_gemm_1d1d(std::span<const Fp8Gemm1d1d> gemms, OutputType type, int threads) {
    for_each_fp8_tile(gemms, threads, [&](const Fp8Gemm1d1d& gemm, const TileOrigin& tile, Fp8Scratch& scratch) {
        accumulate_fp8_blocks(gemm, tile, scratch, load_scales);
        store(gemm, type, tile, scratch.promoted);
    });
}

}  // namespace aotgemm::emulation
