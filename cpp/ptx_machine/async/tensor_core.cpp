#include "ptx_machine/async/tensor_core.hpp"

#include <algorithm>
#include <array>
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

struct Fp8Codes {
    std::array<float, 256> value;
    std::array<std::uint8_t, 256> exponent;
    Fp8Codes() {
        for (int code = 0; code < 256; ++code) {
            value[static_cast<std::size_t>(code)] = decode_fp8_value(static_cast<std::uint8_t>(code));
            exponent[static_cast<std::size_t>(code)] = decode_fp8_exponent(static_cast<std::uint8_t>(code));
        }
    }
};

bool has_fp8_nan(const std::uint8_t* codes) { return std::any_of(codes, codes + kStepBytes, is_fp8_nan); }

void load_fp8_rows(const WgmmaTile& tile, const Fp8Codes& codes, Fp8Scratch& scratch) {
    for (int row = 0; row < kWgmmaRows; ++row) {
        scratch.rows.poison[row] = has_fp8_nan(tile.a[row]) ? 1.0f : 0.0f;
        for (int k = 0; k < kStepBytes; ++k) {
            scratch.rows.value[row][k] = codes.value[tile.a[row][k]];
            scratch.rows.exponent[row][k] = codes.exponent[tile.a[row][k]];
        }
    }
}

void load_fp8_panel(const WgmmaTile& tile, const Fp8Codes& codes, int first, int columns, Fp8Scratch& scratch) {
    static const std::uint8_t kZeros[kStepBytes] = {};
    for (int column = 0; column < kFp8PanelColumns; ++column) {
        const std::uint8_t* row = column < columns ? tile.b[first + column] : kZeros;
        scratch.panel.poison[column] = has_fp8_nan(row) ? 1.0f : 0.0f;
        for (int k = 0; k < kStepBytes; ++k) {
            scratch.panel.value[k][column] = codes.value[row[k]];
            scratch.panel.exponent[k][column] = codes.exponent[row[k]];
        }
    }
}

}  // namespace

void multiply_e4m3(WgmmaTile& tile, int n) {
    static const Fp8Codes codes;
    thread_local const auto scratch = std::make_unique<Fp8Scratch>();
    load_fp8_rows(tile, codes, *scratch);
    for (int first = 0; first < n; first += kFp8PanelColumns) {
        const int columns = std::min(kFp8PanelColumns, n - first);
        load_fp8_panel(tile, codes, first, columns, *scratch);
        for (int row = 0; row < kWgmmaRows; ++row)
            for (int column = 0; column < columns; ++column) {
                const float c = tile.d[row][first + column];
                scratch->chain.value[row][column] = std::isfinite(c) ? c : 0.0f;
            }
        run_fp8_steps({0, 0, kWgmmaRows, columns}, 1, *scratch);
        for (int row = 0; row < kWgmmaRows; ++row)
            for (int column = 0; column < columns; ++column) {
                float& d = tile.d[row][first + column];
                const bool is_nan = std::isnan(d) || scratch->rows.poison[row] != 0 || scratch->panel.poison[column] != 0;
                if (is_nan) d = canonical_nan();
                else if (std::isfinite(d)) d = scratch->chain.value[row][column];
            }
    }
}

namespace {

constexpr int kBf16Step = Bf16Format::kStep;

float bf16_at(const std::uint8_t (&row)[kStepBytes], std::int64_t k) {
    std::uint16_t bits;
    std::memcpy(&bits, row + 2 * k, 2);
    return float_from_bf16(bits);
}

void load_bf16_rows(const WgmmaTile& tile, WideScratch& scratch) {
    for (int row = 0; row < kWgmmaRows; ++row) {
        scratch.row_is_special[row] = false;
        for (int k = 0; k < kBf16Step; ++k) {
            const Decoded decoded = decode_wide(bf16_at(tile.a[row], k));
            scratch.rows.value[row][k] = decoded.value;
            scratch.rows.exponent[row][k] = decoded.exponent;
            scratch.row_is_special[row] |= decoded.is_special;
        }
    }
}

void load_bf16_panel(const WgmmaTile& tile, int first, int columns, WideScratch& scratch) {
    for (int column = 0; column < kWidePanelColumns; ++column) {
        scratch.column_is_special[column] = false;
        for (int k = 0; k < kBf16Step; ++k) {
            const Decoded decoded = decode_wide(column < columns ? bf16_at(tile.b[first + column], k) : 0.0f);
            scratch.panel.value[k][column] = decoded.value;
            scratch.panel.exponent[k][column] = decoded.exponent;
            scratch.column_is_special[column] |= decoded.is_special;
        }
    }
}

}  // namespace

void multiply_bf16(WgmmaTile& tile, int n) {
    thread_local const auto scratch = std::make_unique<WideScratch>();
    load_bf16_rows(tile, *scratch);
    for (int first = 0; first < n; first += kWidePanelColumns) {
        const int columns = std::min(kWidePanelColumns, n - first);
        load_bf16_panel(tile, first, columns, *scratch);
        for (auto& row : scratch->largest_exponent) std::fill(std::begin(row), std::end(row), kLeastExponent);
        for (int row = 0; row < kWgmmaRows; ++row)
            for (int column = 0; column < columns; ++column) {
                const float c = tile.d[row][first + column];
                scratch->chain[row][column] = std::isfinite(c) ? c : 0.0f;
            }
        run_wide_steps({0, 0, kWgmmaRows, columns}, kBf16Step, 1, *scratch);
        for (int row = 0; row < kWgmmaRows; ++row)
            for (int column = 0; column < columns; ++column) {
                float& d = tile.d[row][first + column];
                const bool is_special = scratch->row_is_special[row] || scratch->column_is_special[column] || !std::isfinite(d) ||
                                        scratch->largest_exponent[row][column] > kMostExponent;
                d = !is_special ? scratch->chain[row][column]
                                : scalar_wide_chain(d, kBf16Step, kBf16Step, [&](std::int64_t k) { return bf16_at(tile.a[row], k); },
                                                    [&](std::int64_t k) { return bf16_at(tile.b[first + column], k); });
            }
    }
}

}  // namespace aotgemm::ptx_machine
