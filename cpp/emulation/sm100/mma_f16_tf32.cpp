// One instruction of kinds f16 and tf32: the step of wgmma for BF16 and TF32, and FP16 by the same rule.
#include <algorithm>
#include <cstring>
#include <memory>

#include "emulation/core/float_environment.hpp"
#include "emulation/sm100/mma.hpp"
#include "emulation/sm90/mma_bf16_tf32_chain.hpp"
#include "emulation/sm90/mma_bf16_tf32_tile.hpp"

namespace aotgemm::emulation {
namespace {

// Its subnormals have an exponent of -14, and a product of two FP16 is far inside FP32.
struct Fp16Format {
    using Bits = std::uint16_t;
    static constexpr int kStep = 16;
    static float value(Bits bits) {
        const float magnitude = std::bit_cast<float>((bits & 0x7FFFu) << 13) * 0x1p112f;
        const float number = (bits & 0x7C00u) != 0x7C00u ? magnitude
                             : (bits & 0x3FFu) == 0      ? INFINITY
                                                         : canonical_nan();
        return (bits & 0x8000u) != 0 ? -number : number;
    }
};

template <class Format>
constexpr int kLeastExponentOf = kLeastExponent;
template <>
constexpr int kLeastExponentOf<Fp16Format> = -14;

template <class Format>
float element_at(const MmaOperand& operand, std::int64_t row, std::int64_t k) {
    typename Format::Bits bits;
    std::memcpy(&bits, operand.data + row * operand.stride + k * static_cast<std::int64_t>(sizeof(bits)), sizeof(bits));
    return Format::value(bits);
}

template <class Format>
Decoded decode_element(const MmaOperand& operand, std::int64_t row, std::int64_t k) {
    Decoded decoded = decode_mma_bf16_tf32(element_at<Format>(operand, row, k));
    if (decoded.value != 0) decoded.exponent = std::max(decoded.exponent, kLeastExponentOf<Format>);
    return decoded;
}

template <class Format>
void load_rows(const MmaOperand& a, const MmaBf16Tf32Tile& tile, MmaBf16Tf32Scratch& scratch) {
    for (int row = 0; row < tile.rows; ++row) {
        scratch.row_is_special[row] = false;
        for (int k = 0; k < Format::kStep; ++k) {
            const Decoded decoded = decode_element<Format>(a, tile.row + row, k);
            scratch.rows.value[row][k] = decoded.value;
            scratch.rows.exponent[row][k] = decoded.exponent;
            scratch.row_is_special[row] |= decoded.is_special;
        }
    }
}

template <class Format>
void load_panel(const MmaOperand& b, const MmaBf16Tf32Tile& tile, MmaBf16Tf32Scratch& scratch) {
    for (int column = 0; column < kMmaBf16Tf32PanelColumns; ++column) {
        scratch.column_is_special[column] = false;
        for (int k = 0; k < Format::kStep; ++k) {
            const Decoded decoded = column < tile.columns ? decode_element<Format>(b, tile.column + column, k)
                                                          : Decoded{0.0, kZeroExponent, false};
            scratch.panel.value[k][column] = decoded.value;
            scratch.panel.exponent[k][column] = decoded.exponent;
            scratch.column_is_special[column] |= decoded.is_special;
        }
    }
}

// The fast path's value, or the scalar chain's where a special value or an overflow has a part in it.
template <class Format>
float finish(const MmaOperand& a, const MmaOperand& b, const MmaBf16Tf32Tile& tile, const MmaBf16Tf32Scratch& scratch,
             int row, int column, float c) {
    const bool is_special = scratch.row_is_special[row] || scratch.column_is_special[column] || !std::isfinite(c);
    if (!is_special && scratch.largest_exponent[row][column] <= kMostExponent) return scratch.chain[row][column];
    return scalar_mma_bf16_tf32_chain(
        c, Format::kStep, Format::kStep,
        [&](std::int64_t k) { return element_at<Format>(a, tile.row + row, k); },
        [&](std::int64_t k) { return element_at<Format>(b, tile.column + column, k); });
}

template <class Format>
void run_tile(const MmaOperand& a, const MmaOperand& b, Matrix<float> d, const MmaBf16Tf32Tile& tile,
              MmaBf16Tf32Scratch& scratch) {
    load_panel<Format>(b, tile, scratch);
    for (auto& row : scratch.largest_exponent) std::fill(std::begin(row), std::end(row), kLeastExponent);
    float* origin = d.data + tile.row * d.row_stride + tile.column * d.col_stride;
    for (int row = 0; row < tile.rows; ++row)
        for (int column = 0; column < tile.columns; ++column) {
            const float c = origin[row * d.row_stride + column * d.col_stride];
            scratch.chain[row][column] = std::isfinite(c) ? c : 0.0f;
        }
    run_mma_bf16_tf32_steps(tile, Format::kStep, 1, scratch);
    for (int row = 0; row < tile.rows; ++row)
        for (int column = 0; column < tile.columns; ++column) {
            float& c = origin[row * d.row_stride + column * d.col_stride];
            c = finish<Format>(a, b, tile, scratch, row, column, c);
        }
}

template <class Format>
void mma(const MmaOperand& a, const MmaOperand& b, Matrix<float> d) {
    thread_local const auto scratch = std::make_unique<MmaBf16Tf32Scratch>();
    const DefaultFloatEnvironment environment;
    MmaBf16Tf32Tile tile{};
    for (tile.row = 0; tile.row < d.rows; tile.row += kMmaBf16Tf32TileRows) {
        tile.rows = static_cast<int>(std::min<std::int64_t>(kMmaBf16Tf32TileRows, d.rows - tile.row));
        load_rows<Format>(a, tile, *scratch);
        for (tile.column = 0; tile.column < d.cols; tile.column += kMmaBf16Tf32PanelColumns) {
            tile.columns = static_cast<int>(std::min<std::int64_t>(kMmaBf16Tf32PanelColumns, d.cols - tile.column));
            run_tile<Format>(a, b, d, tile, *scratch);
        }
    }
}

}  // namespace

void mma_f16(const MmaOperand& a, const MmaOperand& b, Matrix<float> d) {
    if (a.type == MmaType::fp16) return mma<Fp16Format>(a, b, d);
    mma<Bf16Format>(a, b, d);
}

void mma_tf32(const MmaOperand& a, const MmaOperand& b, Matrix<float> d) { mma<Tf32Format>(a, b, d); }

}  // namespace aotgemm::emulation
