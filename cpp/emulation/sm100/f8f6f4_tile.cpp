// The tile of kinds f8f6f4 and mxf8f6f4: decoding and steps, compiled once per instruction set.
#include "emulation/sm100/f8f6f4_tile.hpp"

#include <cstring>

#include "emulation/core/special_values.hpp"
#include "emulation/sm100/f8f6f4_step.hpp"
#include "emulation/sm100/ue8m0.hpp"

namespace aotgemm::emulation {
namespace {

constexpr int kStep = kMmaF8f6f4Step;

const std::uint8_t* row_of(const MmaOperand& operand, int row) { return operand.data + row * operand.stride; }

std::uint8_t scale_of(const MmaOperand& operand, int row) {
    return operand.scales != nullptr ? operand.scales[row * operand.scale_stride] : kUe8m0One;
}

// Two loops, each of one output width, vectorise better than one.
template <class Format>
AOTGEMM_INLINE void decode(const std::uint8_t* codes, int count, float* values, std::uint8_t* exponents) {
    for (int i = 0; i < count; ++i) values[i] = decode_value<Format>(codes[i]);
    for (int i = 0; i < count; ++i) exponents[i] = decode_stored_exponent<Format>(codes[i]);
}

template <class Format>
AOTGEMM_INLINE bool has_special(const std::uint8_t* codes) {
    int count = 0;
    for (int k = 0; k < kStep; ++k) count += is_special<Format>(codes[k]) ? 1 : 0;
    return count > 0;
}

template <class Format>
AOTGEMM_INLINE void load_rows_of(const MmaOperand& a, int count, F8f6f4Scratch& scratch) {
    for (int row = 0; row < count; ++row) {
        decode<Format>(row_of(a, row), kStep, scratch.rows.value[row], scratch.rows.exponent[row]);
        const std::uint8_t scale = scale_of(a, row);
        scratch.rows.scale_exponent[row] = ue8m0_exponent(scale);
        scratch.specials.rows[row] = has_special<Format>(row_of(a, row)) || is_ue8m0_nan(scale);
        scratch.specials.in_rows |= scratch.specials.rows[row];
    }
}

template <class Format>
AOTGEMM_INLINE void load_panel_of(const MmaOperand& b, int count, F8f6f4Scratch& scratch) {
    alignas(64) std::uint8_t by_k[kStep][kF8f6f4PanelColumns] = {};
    for (int column = 0; column < kF8f6f4PanelColumns; ++column) {
        const bool is_present = column < count;
        const std::uint8_t scale = is_present ? scale_of(b, column) : kUe8m0One;
        scratch.panel.scale_exponent[column] = ue8m0_exponent(scale);
        scratch.specials.columns[column] =
            is_present && (has_special<Format>(row_of(b, column)) || is_ue8m0_nan(scale));
        scratch.specials.in_columns |= scratch.specials.columns[column];
        for (int k = 0; is_present && k < kStep; ++k) by_k[k][column] = row_of(b, column)[k];
    }
    for (int k = 0; k < kStep; ++k)
        decode<Format>(by_k[k], kF8f6f4PanelColumns, scratch.panel.value[k], scratch.panel.exponent[k]);
}

AOTGEMM_INLINE void load_rows(const MmaOperand& a, int count, F8f6f4Scratch& scratch) {
    scratch.a = a;
    scratch.specials.in_rows = false;
    switch (a.type) {
        case MmaType::e5m2: return load_rows_of<E5m2Format>(a, count, scratch);
        case MmaType::e2m1: return load_rows_of<E2m1Format>(a, count, scratch);
        default: return load_rows_of<E4m3Format>(a, count, scratch);
    }
}

AOTGEMM_INLINE void load_panel(const MmaOperand& b, int count, F8f6f4Scratch& scratch) {
    scratch.b = b;
    scratch.specials.in_columns = false;
    switch (b.type) {
        case MmaType::e5m2: return load_panel_of<E5m2Format>(b, count, scratch);
        case MmaType::e2m1: return load_panel_of<E2m1Format>(b, count, scratch);
        default: return load_panel_of<E4m3Format>(b, count, scratch);
    }
}

template <class L>
AOTGEMM_INLINE void run_step(int rows, F8f6f4Scratch& scratch) {
    for (int row = 0; row < rows; ++row)
        f8f6f4_step<L>(scratch.rows.value[row], scratch.rows.exponent[row], scratch.rows.scale_exponent[row],
                       scratch.panel, scratch.chain[row]);
}

AOTGEMM_TARGET_AVX512 void load_rows_avx512(const MmaOperand& a, int count, F8f6f4Scratch& scratch) {
    load_rows(a, count, scratch);
}
AOTGEMM_TARGET_AVX2 void load_rows_avx2(const MmaOperand& a, int count, F8f6f4Scratch& scratch) {
    load_rows(a, count, scratch);
}
void load_rows_baseline(const MmaOperand& a, int count, F8f6f4Scratch& scratch) { load_rows(a, count, scratch); }

AOTGEMM_TARGET_AVX512 void load_panel_avx512(const MmaOperand& b, int count, F8f6f4Scratch& scratch) {
    load_panel(b, count, scratch);
}
AOTGEMM_TARGET_AVX2 void load_panel_avx2(const MmaOperand& b, int count, F8f6f4Scratch& scratch) {
    load_panel(b, count, scratch);
}
void load_panel_baseline(const MmaOperand& b, int count, F8f6f4Scratch& scratch) { load_panel(b, count, scratch); }

AOTGEMM_TARGET_AVX512 void run_step_avx512(int rows, F8f6f4Scratch& scratch) { run_step<Lanes<64>>(rows, scratch); }
AOTGEMM_TARGET_AVX2 void run_step_avx2(int rows, F8f6f4Scratch& scratch) { run_step<Lanes<32>>(rows, scratch); }
void run_step_baseline(int rows, F8f6f4Scratch& scratch) { run_step<Lanes<16>>(rows, scratch); }

void run_step(int rows, F8f6f4Scratch& scratch) {
    switch (host_instruction_set()) {
        case InstructionSet::avx512: return run_step_avx512(rows, scratch);
        case InstructionSet::avx2: return run_step_avx2(rows, scratch);
        case InstructionSet::baseline: return run_step_baseline(rows, scratch);
    }
}

float element_of(const MmaOperand& operand, int row, int k) {
    return float_from_code(operand.type, row_of(operand, row)[k]);
}

// The sum where an element is NaN or infinity, or a scale NaN.
float special_sum(const F8f6f4Scratch& scratch, int row, int column, float c) {
    SpecialSum sum;
    sum.add(c);
    sum.has_nan |= is_ue8m0_nan(scale_of(scratch.a, row)) || is_ue8m0_nan(scale_of(scratch.b, column));
    for (int k = 0; k < kStep; ++k) sum.add_product(element_of(scratch.a, row, k), element_of(scratch.b, column, k));
    return sum.value();
}

void run_step_with_specials(int rows, int columns, F8f6f4Scratch& scratch) {
    thread_local float before[kF8f6f4TileRows][kF8f6f4PanelColumns];
    std::memcpy(before, scratch.chain, sizeof(before));
    run_step(rows, scratch);
    for (int row = 0; row < rows; ++row)
        for (int column = 0; column < columns; ++column)
            if (scratch.specials.rows[row] || scratch.specials.columns[column])
                scratch.chain[row][column] = special_sum(scratch, row, column, before[row][column]);
}

}  // namespace

void load_f8f6f4_rows(const MmaOperand& a, int count, F8f6f4Scratch& scratch) {
    switch (host_instruction_set()) {
        case InstructionSet::avx512: return load_rows_avx512(a, count, scratch);
        case InstructionSet::avx2: return load_rows_avx2(a, count, scratch);
        case InstructionSet::baseline: return load_rows_baseline(a, count, scratch);
    }
}

void load_f8f6f4_panel(const MmaOperand& b, int count, F8f6f4Scratch& scratch) {
    switch (host_instruction_set()) {
        case InstructionSet::avx512: return load_panel_avx512(b, count, scratch);
        case InstructionSet::avx2: return load_panel_avx2(b, count, scratch);
        case InstructionSet::baseline: return load_panel_baseline(b, count, scratch);
    }
}

void run_f8f6f4_step(int rows, int columns, F8f6f4Scratch& scratch) {
    if (scratch.specials.in_rows || scratch.specials.in_columns) return run_step_with_specials(rows, columns, scratch);
    run_step(rows, scratch);
}

}  // namespace aotgemm::emulation
