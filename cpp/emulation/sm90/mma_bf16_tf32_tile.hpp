// BF16 and TF32 tensor-core steps on a tile: some rows of A against a panel of columns of D (rows of B).
#pragma once

#include <cstdint>

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

inline constexpr int kWideBlockK = 64;  // K range decoded at a time; a multiple of both step lengths
inline constexpr int kWidePanelColumns = 32;
inline constexpr int kWideTileRows = 64;
inline constexpr int kWideFractionBits = 25;    // of an aligned term
inline constexpr int kLeastExponent = -126;     // of BF16, TF32 and FP32; subnormals have it too
// A zero product has no part in the alignment, and a zero accumulator counts as the least exponent that terms are ever
// aligned to, which only products of subnormals can be below (H100 80GB HBM3, 2026-11-24: 0 of 278,528 outputs of sparse,
// subnormal and tiny operands differ from this rule; with any other least exponent some do).
inline constexpr int kZeroExponent = -1000;
inline constexpr int kLeastAlignment = -133;
inline constexpr int kMostExponent = 127;

struct WidePanel {
    alignas(64) double value[kWideBlockK][kWidePanelColumns];
    alignas(64) std::int32_t exponent[kWideBlockK][kWidePanelColumns];
};

struct WideRows {
    alignas(64) double value[kWideTileRows][kWideBlockK];
    alignas(64) std::int32_t exponent[kWideTileRows][kWideBlockK];
};

// Special operands decode as zero here; what they do to an output is worked out apart (wide_special.hpp).
struct WideScratch {
    WidePanel panel;
    WideRows rows;
    alignas(64) float chain[kWideTileRows][kWidePanelColumns];
    alignas(64) std::int32_t largest_exponent[kWideTileRows][kWidePanelColumns];  // of any step's finite sum
    bool row_is_special[kWideTileRows];
    bool column_is_special[kWidePanelColumns];
};

struct WideTile {
    std::int64_t row, column;
    int rows, columns;
};

// Runs `steps` steps of step_length (8 or 16) products, feeding scratch.chain back as the accumulator.
void run_wide_steps(const WideTile& tile, int step_length, int steps, WideScratch& scratch);

}  // namespace aotgemm::emulation
