#include "ptx_machine/async/tensor_core.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>

#include "emulation/core/formats.hpp"
#include "emulation/core/special_values.hpp"
#include "emulation/sm90/fp8_decode.hpp"
#include "emulation/sm90/fp8_tile.hpp"
#include "emulation/sm90/mma_bf16_tf32_chain.hpp"
#include "emulation/sm90/mma_bf16_tf32_tile.hpp"

namespace aotgemm::ptx_machine {
namespace {

using namespace emulation;

// The rest of a special value's rule is special_values.hpp's.
struct SpecialRows {
    bool rows[kWgmmaRows], columns[kMostColumns];
    bool any = false;
};

bool is_any_infinite_or_nan(const WgmmaTile& tile, int n) {
    std::uint32_t most = 0;
    for (const auto& row : tile.d)
        for (int column = 0; column < n; ++column)
            most = std::max(most, std::bit_cast<std::uint32_t>(row[column]) & 0x7FFFFFFF);
    return most >= 0x7F800000;
}

bool has_fp8_nan(const std::uint8_t* codes) {
    bool has_nan = false;
    for (int k = 0; k < kStepBytes; ++k) has_nan |= is_fp8_nan(codes[k]);
    return has_nan;
}

void note_fp8_nan(const WgmmaTile& tile, int n, SpecialRows& special) {
    for (int row = 0; row < kWgmmaRows; ++row) special.any |= special.rows[row] = has_fp8_nan(tile.a[row]);
    for (int column = 0; column < n; ++column) special.any |= special.columns[column] = has_fp8_nan(tile.b[column]);
}

void decode_fp8(const std::uint8_t* codes, int count, float* values, std::uint8_t* exponents) {
    for (int i = 0; i < count; ++i) values[i] = decode_fp8_value(codes[i]);
    for (int i = 0; i < count; ++i) exponents[i] = decode_fp8_exponent(codes[i]);
}

void load_fp8_panel(const WgmmaTile& tile, int first, int columns, Fp8Scratch& scratch) {
    alignas(64) std::uint8_t by_k[kStepBytes][kFp8PanelColumns] = {};
    for (int column = 0; column < columns; ++column)
        for (int k = 0; k < kStepBytes; ++k) by_k[k][column] = tile.b[first + column][k];
    for (int k = 0; k < kStepBytes; ++k)
        decode_fp8(by_k[k], kFp8PanelColumns, scratch.panel.value[k], scratch.panel.exponent[k]);
}

// An output of an infinite accumulator stays as it is: E4M3 has no infinity, so nothing can change it but a NaN.
void finish_fp8_panel(WgmmaTile& tile, const SpecialRows& special, int first, int columns, const Fp8Scratch& scratch) {
    for (int row = 0; row < kWgmmaRows; ++row)
        for (int column = 0; column < columns; ++column) {
            float& d = tile.d[row][first + column];
            if (std::isnan(d) || special.rows[row] || special.columns[first + column]) d = canonical_nan();
            else if (std::isfinite(d)) d = scratch.chain.value[row][column];
        }
}

}  // namespace

void multiply_e4m3(WgmmaTile& tile, int n) {
    thread_local const auto scratch = std::make_unique<Fp8Scratch>();
    thread_local SpecialRows special;
    special.any = is_any_infinite_or_nan(tile, n);
    note_fp8_nan(tile, n, special);
    for (int row = 0; row < kWgmmaRows; ++row)
        decode_fp8(tile.a[row], kStepBytes, scratch->rows.value[row], scratch->rows.exponent[row]);
    for (int first = 0; first < n; first += kFp8PanelColumns) {
        const int columns = std::min(kFp8PanelColumns, n - first);
        const std::size_t bytes = static_cast<std::size_t>(columns) * sizeof(float);
        load_fp8_panel(tile, first, columns, *scratch);
        for (int row = 0; row < kWgmmaRows; ++row) {
            float* chain = scratch->chain.value[row];
            std::memcpy(chain, &tile.d[row][first], bytes);
            for (int column = 0; special.any && column < columns; ++column)
                chain[column] = std::isfinite(chain[column]) ? chain[column] : 0.0f;
        }
        run_fp8_steps({0, 0, kWgmmaRows, columns}, 1, *scratch);
        if (special.any) finish_fp8_panel(tile, special, first, columns, *scratch);
        else
            for (int row = 0; row < kWgmmaRows; ++row)
                std::memcpy(&tile.d[row][first], scratch->chain.value[row], bytes);
    }
}

namespace {

template <class Format>
float element_at(const std::uint8_t (&row)[kStepBytes], std::int64_t k) {
    static_assert(Format::kStep * sizeof(typename Format::Bits) == kStepBytes);
    typename Format::Bits bits;
    std::memcpy(&bits, row + k * static_cast<std::int64_t>(sizeof(bits)), sizeof(bits));
    return Format::value(bits);
}

template <class Format>
void load_wide_rows(const WgmmaTile& tile, MmaBf16Tf32Scratch& scratch) {
    for (int row = 0; row < kWgmmaRows; ++row) {
        scratch.row_is_special[row] = false;
        for (int k = 0; k < Format::kStep; ++k) {
            const Decoded decoded = decode_mma_bf16_tf32(element_at<Format>(tile.a[row], k));
            scratch.rows.value[row][k] = decoded.value;
            scratch.rows.exponent[row][k] = decoded.exponent;
            scratch.row_is_special[row] |= decoded.is_special;
        }
    }
}

template <class Format>
void load_wide_panel(const WgmmaTile& tile, int first, int columns, MmaBf16Tf32Scratch& scratch) {
    for (int column = 0; column < kMmaBf16Tf32PanelColumns; ++column) {
        scratch.column_is_special[column] = false;
        for (int k = 0; k < Format::kStep; ++k) {
            const float value = column < columns ? element_at<Format>(tile.b[first + column], k) : 0.0f;
            const Decoded decoded = decode_mma_bf16_tf32(value);
            scratch.panel.value[k][column] = decoded.value;
            scratch.panel.exponent[k][column] = decoded.exponent;
            scratch.column_is_special[column] |= decoded.is_special;
        }
    }
}

// BF16 and TF32.
template <class Format>
void multiply_wide(WgmmaTile& tile, int n) {
    thread_local const auto scratch = std::make_unique<MmaBf16Tf32Scratch>();
    load_wide_rows<Format>(tile, *scratch);
    for (int first = 0; first < n; first += kMmaBf16Tf32PanelColumns) {
        const int columns = std::min(kMmaBf16Tf32PanelColumns, n - first);
        load_wide_panel<Format>(tile, first, columns, *scratch);
        for (auto& row : scratch->largest_exponent) std::fill(std::begin(row), std::end(row), kLeastExponent);
        for (int row = 0; row < kWgmmaRows; ++row)
            for (int column = 0; column < columns; ++column) {
                const float c = tile.d[row][first + column];
                scratch->chain[row][column] = std::isfinite(c) ? c : 0.0f;
            }
        run_mma_bf16_tf32_steps({0, 0, kWgmmaRows, columns}, Format::kStep, 1, *scratch);
        for (int row = 0; row < kWgmmaRows; ++row)
            for (int column = 0; column < columns; ++column) {
                float& d = tile.d[row][first + column];
                const bool is_special = scratch->row_is_special[row] || scratch->column_is_special[column] ||
                                        !std::isfinite(d) || scratch->largest_exponent[row][column] > kMostExponent;
                d = !is_special
                        ? scratch->chain[row][column]
                        : scalar_mma_bf16_tf32_chain(
                              d, Format::kStep, Format::kStep,
                              [&](std::int64_t k) { return element_at<Format>(tile.a[row], k); },
                              [&](std::int64_t k) { return element_at<Format>(tile.b[first + column], k); });
            }
    }
}

}  // namespace

void multiply_bf16(WgmmaTile& tile, int n) { multiply_wide<Bf16Format>(tile, n); }

void multiply_tf32(WgmmaTile& tile, int n) { multiply_wide<Tf32Format>(tile, n); }

}  // namespace aotgemm::ptx_machine
