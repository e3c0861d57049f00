// Decodes FP8 operands into the tile's scratch memory.
#include <algorithm>
#include <cstring>

#include "emulation/core/formats.hpp"
#include "emulation/sm90/fp8_decode.hpp"
#include "emulation/sm90/fp8_tile.hpp"
#include "emulation/core/lanes.hpp"

namespace aotgemm::emulation {
namespace {

// Copies 128 codes of one row, zero past the end of K; returns whether one of them is NaN.
bool copy_codes(Matrix<const std::uint8_t> matrix, std::int64_t row, std::int64_t k, std::uint8_t* codes) {
    const auto present = static_cast<int>(std::min<std::int64_t>(kFp8BlockK, matrix.cols - k));
    std::memcpy(codes, matrix.data + row * matrix.row_stride + k, static_cast<std::size_t>(present));
    std::memset(codes + present, 0, static_cast<std::size_t>(kFp8BlockK - present));
    bool has_nan = false;
    for (int i = 0; i < kFp8BlockK; ++i) has_nan |= is_fp8_nan(codes[i]);
    return has_nan;
}

// Writes the codes of a panel K-major, and the NaN mask of its columns.
void gather_panel(Matrix<const std::uint8_t> b, const TileOrigin& tile, std::int64_t k,
                  std::uint8_t (*by_k)[kFp8PanelColumns], NanMask* nan_mask) {
    alignas(64) std::uint8_t codes[kFp8BlockK] = {};
    for (int column = 0; column < kFp8PanelColumns; ++column) {
        const bool is_present = column < tile.columns;
        const bool has_nan = is_present && copy_codes(b, tile.column + column, k, codes);
        if (!is_present) std::memset(codes, 0, sizeof(codes));
        nan_mask[column] = has_nan ? canonical_nan() : 0.0f;
        for (int i = 0; i < kFp8BlockK; ++i) by_k[i][column] = codes[i];
    }
}

// Two loops, each of one output width, vectorise better than one.
AOTGEMM_INLINE void decode(const std::uint8_t* codes, int count, float* values, std::uint8_t* exponents) {
    for (int i = 0; i < count; ++i) values[i] = decode_fp8_value(codes[i]);
    for (int i = 0; i < count; ++i) exponents[i] = decode_fp8_exponent(codes[i]);
}

AOTGEMM_INLINE void load_block(Matrix<const std::uint8_t> a, Matrix<const std::uint8_t> b, const TileOrigin& tile,
                               std::int64_t k, Fp8Panel& panel, Fp8Rows& rows) {
    alignas(64) std::uint8_t by_k[kFp8BlockK][kFp8PanelColumns];
    gather_panel(b, tile, k, by_k, panel.nan_mask);
    for (int i = 0; i < kFp8BlockK; ++i) decode(by_k[i], kFp8PanelColumns, panel.value[i], panel.exponent[i]);
    alignas(64) std::uint8_t codes[kFp8BlockK];
    for (int row = 0; row < tile.rows; ++row) {
        rows.nan_mask[row] = copy_codes(a, tile.row + row, k, codes) ? canonical_nan() : 0.0f;
        decode(codes, kFp8BlockK, rows.value[row], rows.exponent[row]);
    }
}

AOTGEMM_TARGET_AVX512 void load_avx512(Matrix<const std::uint8_t> a, Matrix<const std::uint8_t> b,
                                       const TileOrigin& tile, std::int64_t k, Fp8Scratch& scratch) {
    load_block(a, b, tile, k, scratch.panel, scratch.rows);
}

AOTGEMM_TARGET_AVX2 void load_avx2(Matrix<const std::uint8_t> a, Matrix<const std::uint8_t> b, const TileOrigin& tile,
                                   std::int64_t k, Fp8Scratch& scratch) {
    load_block(a, b, tile, k, scratch.panel, scratch.rows);
}

void load_baseline(Matrix<const std::uint8_t> a, Matrix<const std::uint8_t> b, const TileOrigin& tile, std::int64_t k,
                   Fp8Scratch& scratch) {
    load_block(a, b, tile, k, scratch.panel, scratch.rows);
}

}  // namespace

int load_fp8_block(Matrix<const std::uint8_t> a, Matrix<const std::uint8_t> b, const TileOrigin& tile, std::int64_t k,
                   Fp8Scratch& scratch) {
    switch (host_instruction_set()) {
        case InstructionSet::avx512: load_avx512(a, b, tile, k, scratch); break;
        case InstructionSet::avx2: load_avx2(a, b, tile, k, scratch); break;
        case InstructionSet::baseline: load_baseline(a, b, tile, k, scratch); break;
    }
    const auto present = std::min<std::int64_t>(kFp8BlockK, a.cols - k);
    return static_cast<int>((present + kFp8Step - 1) / kFp8Step);
}

}  // namespace aotgemm::emulation
