// BF16 and TF32 tensor-core steps on a tile: some rows of A against a panel of columns of D (rows of B).
#pragma once

#include <cstdint>

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

inline constexpr int kMmaBf16Tf32BlockK = 64;  // K range decoded at a time; a multiple of both step lengths
inline constexpr int kMmaBf16Tf32PanelColumns = 32;
inline constexpr int kMmaBf16Tf32TileRows = 64;
inline constexpr int kMmaBf16Tf32FractionBits = 25;  // of an aligned term
inline constexpr int kLeastExponent = -126;          // of BF16, TF32 and FP32; subnormals have it too
// A zero product has no part in the alignment. A zero accumulator counts as the least exponent that terms are ever
// aligned to; only products of subnormals can be below it (H100 80GB HBM3, 2026-11-24: 0 of 278,528 outputs of sparse,
// subnormal and tiny operands differ from this rule; with any other least exponent some do).
inline constexpr int kZeroExponent = -1000;
inline constexpr int kLeastAlignment = -133;
inline constexpr int kMostExponent = 127;

struct MmaBf16Tf32Panel {
    alignas(64) double value[kMmaBf16Tf32BlockK][kMmaBf16Tf32PanelColumns];
    alignas(64) std::int32_t exponent[kMmaBf16Tf32BlockK][kMmaBf16Tf32PanelColumns];
};

struct MmaBf16Tf32Rows {
    alignas(64) double value[kMmaBf16Tf32TileRows][kMmaBf16Tf32BlockK];
    alignas(64) std::int32_t exponent[kMmaBf16Tf32TileRows][kMmaBf16Tf32BlockK];
};

// Special operands decode as zero here; mma_bf16_tf32_special.hpp computes the outputs that they reach.
struct MmaBf16Tf32Scratch {
    MmaBf16Tf32Panel panel;
    MmaBf16Tf32Rows rows;
    alignas(64) float chain[kMmaBf16Tf32TileRows][kMmaBf16Tf32PanelColumns];
    // Of the finite sums of all steps.
    alignas(64) std::int32_t largest_exponent[kMmaBf16Tf32TileRows][kMmaBf16Tf32PanelColumns];
    bool row_is_special[kMmaBf16Tf32TileRows];
    bool column_is_special[kMmaBf16Tf32PanelColumns];
};

struct MmaBf16Tf32Tile {
    std::int64_t row, column;
    int rows, columns;
};

// Runs `steps` steps of step_length (8 or 16) products each; scratch.chain is the accumulator.
void run_mma_bf16_tf32_steps(const MmaBf16Tf32Tile& tile, int step_length, int steps, MmaBf16Tf32Scratch& scratch);

}  // namespace aotgemm::emulation
