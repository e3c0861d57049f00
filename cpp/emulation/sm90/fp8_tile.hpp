// FP8 tensor-core steps on a tile: some rows of A against a panel of columns of D (rows of B).
#pragma once

#include <cstdint>

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

inline constexpr int kFp8Step = 32;        // products in one wgmma step of E4M3
inline constexpr int kFp8BlockK = 128;     // K range of one scale
inline constexpr int kFp8PanelColumns = 64;
inline constexpr int kFp8TileRows = 128;

// 0 or NaN, added to a chain's result: NaN makes the result NaN. See special_values.hpp for the rule.
using NanMask = float;

// 128 values of K of a panel of B, K-major so that neighbouring lanes are neighbouring columns of D.
struct Fp8Panel {
    alignas(64) float value[kFp8BlockK][kFp8PanelColumns];
    alignas(64) std::uint8_t exponent[kFp8BlockK][kFp8PanelColumns];
    alignas(64) NanMask nan_mask[kFp8PanelColumns];
};

// The same K range of up to kFp8TileRows rows of A.
struct Fp8Rows {
    alignas(64) float value[kFp8TileRows][kFp8BlockK];
    alignas(64) std::uint8_t exponent[kFp8TileRows][kFp8BlockK];
    NanMask nan_mask[kFp8TileRows];
};

// FP32 accumulators of a tile.
struct Fp8Accumulators {
    alignas(64) float value[kFp8TileRows][kFp8PanelColumns];
};

// Scratch memory of one thread for one tile.
struct Fp8Scratch {
    Fp8Panel panel;
    Fp8Rows rows;
    Fp8Accumulators chain, promoted;
};

// A rectangle of D: rows [row, row + rows), columns [column, column + columns).
struct TileOrigin {
    std::int64_t row, column;
    int rows, columns;
};

// Decodes K range [k, k + 128) of both operands, zero past an operand's end. Returns the number of steps in it.
int load_fp8_block(Matrix<const std::uint8_t> a, Matrix<const std::uint8_t> b, const TileOrigin& tile, std::int64_t k,
                   Fp8Scratch& scratch);

// Runs `steps` tensor-core steps; scratch.chain is the accumulator.
void run_fp8_steps(const TileOrigin& tile, int steps, Fp8Scratch& scratch);

// Scales of one K block: of each row and of each column of the tile.
struct Fp8BlockScales {
    float row[kFp8TileRows];
    alignas(64) float column[kFp8PanelColumns] = {};
};

// promoted = fma(chain + nan_mask, fl32(row scale * column scale), promoted) for each element.
void promote_fp8_block(const TileOrigin& tile, const Fp8BlockScales& scales, Fp8Scratch& scratch);

}  // namespace aotgemm::emulation
