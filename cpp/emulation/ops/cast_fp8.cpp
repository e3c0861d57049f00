// Casts to FP8 E4M3 on the CPU. Device twin: cpp/kernels/common/cast_fp8.cuh.
#include <algorithm>
#include <cmath>

#include "emulation/ops/cast_fp8.hpp"
#include "emulation/core/formats.hpp"
#include "emulation/core/parallel.hpp"

namespace aotgemm::emulation {
namespace {

constexpr int kCastBlockK = 128;
constexpr float kFp8Max = 448.0f;
constexpr float kLeastAmax = 1e-4f;
constexpr std::uint32_t kMantissaMask = 0x7FFFFFu;

// Absolute values order as their bits do, and a NaN's bits are above all others': it wins the maximum.
std::uint32_t magnitude_bits(float value) { return std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFu; }

float scale_from_amax(std::uint32_t amax_bits, bool use_ue8m0) {
    const float amax = std::bit_cast<float>(amax_bits);
    if (std::isnan(amax)) return canonical_nan();
    const float scale = std::max(amax, kLeastAmax) / kFp8Max;
    if (!use_ue8m0) return scale;
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(scale) + kMantissaMask) & ~kMantissaMask);
}

// Round to nearest even, saturating at 448; any NaN becomes 0x7F.
std::uint8_t fp8_from_float(float value) {
    const auto sign = static_cast<std::uint32_t>(std::bit_cast<std::uint32_t>(value) >> 24 & 0x80);
    const float magnitude = std::min(std::fabs(value), kFp8Max);
    const auto bits = std::bit_cast<std::uint32_t>(magnitude);
    // 2^14 has an ulp of 2^-9, E4M3's subnormal spacing: the addition rounds, the low bits are the code.
    const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(magnitude + 0x1p14f) & 0xF;
    // Exponent bias 127 to 7; a carry out of the mantissa moves on into the exponent.
    const std::uint32_t normal = (bits + 0x7FFFFu + (bits >> 20 & 1) - (120u << 23)) >> 20;
    const std::uint32_t code = magnitude < 0x1p-6f ? subnormal : normal;
    return value != value ? kCanonicalFp8Nan : static_cast<std::uint8_t>(sign | code);
}

float to_float(float value) { return value; }
float to_float(std::uint16_t bits) { return float_from_bf16(bits); }

// Rows and columns of one block, within the matrix.
struct CastBlock {
    std::int64_t first_row, last_row, first_column, last_column;
};

template <class Element>
std::uint32_t block_amax(Matrix<const Element> x, const CastBlock& block) {
    std::uint32_t amax = 0;
    for (std::int64_t row = block.first_row; row < block.last_row; ++row) {
        const Element* values = x.data + row * x.row_stride;
        for (std::int64_t column = block.first_column; column < block.last_column; ++column)
            amax = std::max(amax, magnitude_bits(to_float(values[column])));
    }
    return amax;
}

template <class Element>
void quantise_block(Matrix<const Element> x, Matrix<std::uint8_t> q, const CastBlock& block, float inverse) {
    for (std::int64_t row = block.first_row; row < block.last_row; ++row) {
        const Element* values = x.data + row * x.row_stride;
        std::uint8_t* codes = q.data + row * q.row_stride;
        for (std::int64_t column = block.first_column; column < block.last_column; ++column)
            codes[column] = fp8_from_float(to_float(values[column]) * inverse);
    }
}

struct NoScratch {};

template <class Element>
void cast(Matrix<const Element> x, Matrix<std::uint8_t> q, Matrix<float> sf, int block_rows, bool use_ue8m0,
          int threads) {
    const std::int64_t bands = (x.rows + block_rows - 1) / block_rows;
    const int used = usable_threads(threads, bands, x.rows * x.cols);
    for_each_item<NoScratch>(bands, used, [&](std::int64_t band, NoScratch&) {
        for (std::int64_t column = 0; column < x.cols; column += kCastBlockK) {
            const CastBlock block{band * block_rows, std::min(x.rows, (band + 1) * block_rows), column,
                                  std::min(x.cols, column + kCastBlockK)};
            const float scale = scale_from_amax(block_amax(x, block), use_ue8m0);
            quantise_block(x, q, block, 1.0f / scale);
            sf.data[band * sf.row_stride + column / kCastBlockK * sf.col_stride] = scale;
        }
    });
}

}  // namespace

void cast_to_fp8(CastInput type, Matrix<const void> x, Matrix<std::uint8_t> q, Matrix<float> sf, int block_rows,
                 bool use_ue8m0, int threads) {
    const auto typed = [&]<class Element>(const Element* data) {
        const Matrix<const Element> matrix{data, x.rows, x.cols, x.row_stride, x.col_stride};
        cast(matrix, q, sf, block_rows, use_ue8m0, threads);
    };
    if (type == CastInput::bf16) return typed(static_cast<const std::uint16_t*>(x.data));
    typed(static_cast<const float*>(x.data));
}

}  // namespace aotgemm::emulation
