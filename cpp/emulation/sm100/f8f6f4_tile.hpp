// Steps of kinds f8f6f4 and mxf8f6f4 on a tile: some rows of A against a panel of columns of D (rows of B).
#pragma once

#include <cstdint>

#include "emulation/sm100/mma.hpp"
#include "emulation/sm90/fp8_tile.hpp"

namespace aotgemm::emulation {

inline constexpr int kF8f6f4PanelColumns = kFp8PanelColumns, kF8f6f4TileRows = kFp8TileRows;
static_assert(kMmaF8f6f4Step == kFp8Step);

// Numbers and stored exponents (float8_formats.hpp) of a panel of B, K-major so that neighbouring lanes are neighbouring
// columns of D.
struct F8f6f4Panel {
    alignas(64) float value[kMmaF8f6f4Step][kF8f6f4PanelColumns];
    alignas(64) std::uint8_t exponent[kMmaF8f6f4Step][kF8f6f4PanelColumns];
    alignas(64) std::int32_t scale_exponent[kF8f6f4PanelColumns];
};

struct F8f6f4Rows {
    alignas(64) float value[kF8f6f4TileRows][kMmaF8f6f4Step];
    alignas(64) std::uint8_t exponent[kF8f6f4TileRows][kMmaF8f6f4Step];
    std::int32_t scale_exponent[kF8f6f4TileRows];
};

// Whether a row has a NaN or an infinity among its elements, or a NaN for its scale.
struct F8f6f4Specials {
    bool rows[kF8f6f4TileRows], columns[kF8f6f4PanelColumns];
    bool in_rows = false, in_columns = false;
};

// Scratch memory of one thread; chain is the accumulator.
struct F8f6f4Scratch {
    F8f6f4Panel panel;
    F8f6f4Rows rows;
    F8f6f4Specials specials;
    MmaOperand a, b;  // what was loaded
    alignas(64) float chain[kF8f6f4TileRows][kF8f6f4PanelColumns];
};

// Decodes one step of `count` rows, at most kF8f6f4TileRows of A and kF8f6f4PanelColumns of B. The operand's memory is
// read again by the step where there are special values.
void load_f8f6f4_rows(const MmaOperand& a, int count, F8f6f4Scratch& scratch);
void load_f8f6f4_panel(const MmaOperand& b, int count, F8f6f4Scratch& scratch);

// scratch.chain += the step that is loaded, in `rows` x `columns`; other columns of it hold no meaning.
void run_f8f6f4_step(int rows, int columns, F8f6f4Scratch& scratch);

}  // namespace aotgemm::emulation
