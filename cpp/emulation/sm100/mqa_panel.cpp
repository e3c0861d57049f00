// Dot products by tcgen05's steps, and the sum over heads as a lane of sm_100a takes it, compiled once per instruction
// set.
#include "emulation/sm100/mqa_panel.hpp"

#include <cstring>

#include "emulation/ops/mqa_head_sums.hpp"

namespace aotgemm::emulation::sm100 {
namespace {

constexpr int kChains = 4;  // sums of a key: heads by their number modulo 4

template <bool kHasFma>
AOTGEMM_INLINE void sum_chain(const F8f6f4Scratch& dots, int first_row, int heads, const float* weights, int chain,
                              MqaSums& sum) {
    for (float& of_key : sum) of_key = 0;
    for (int head = chain; head < heads; head += kChains) {
        const float* products = dots.chain[first_row + head];
        for (int j = 0; j < kFp8PanelColumns; ++j) {
            const float twice = products[j] + __builtin_fabsf(products[j]);  // of the positive part, exactly
            sum[j] = exact_fma<kHasFma>(twice, weights[head], sum[j]);
        }
    }
}

// A row's four sums, in pairs, of twice the positive parts.
struct SumOfChains {
    template <bool kHasFma>
    AOTGEMM_INLINE static void sum(const MqaScratch& scratch, int row, int heads, const float* weights,
                                   const MqaSums& scales, MqaSums& out) {
        alignas(64) MqaSums sums[kChains];
        for (int chain = 0; chain < kChains; ++chain)
            sum_chain<kHasFma>(scratch.f8f6f4, row, heads, weights, chain, sums[chain]);
        for (int j = 0; j < kFp8PanelColumns; ++j)
            out[j] = ((sums[0][j] + sums[2][j]) + (sums[1][j] + sums[3][j])) * 0.5f * scales[j];
    }
};

// Rows of an operand that begin `k` bytes behind those of the matrix.
MmaOperand step_of(const Matrix<const std::uint8_t>& rows, std::int64_t first, std::int64_t k) {
    return {MmaType::e4m3, rows.data + first * rows.row_stride + k, rows.row_stride};
}

// One instruction's codes and scales of some rows: `step` counts instructions.
template <int kRows>
MmaOperand unpack(const Matrix<const std::uint8_t>& rows, const std::uint32_t* words, std::int64_t first, int count,
                  int step, std::uint8_t (&codes)[kRows][kMmaMxf4Step]) {
    constexpr int kBytes = kMmaMxf4Step / 2, kScales = 2;  // of a row, in an instruction
    for (int row = 0; row < count; ++row) {
        const std::uint8_t* packed = rows.data + (first + row) * rows.row_stride + step * kBytes;
        for (int k = 0; k < kMmaMxf4Step; ++k) codes[row][k] = packed[k / 2] >> (k % 2 * 4) & 0xF;
    }
    const auto* scales = reinterpret_cast<const std::uint8_t*>(words + first) + step * kScales;
    return {MmaType::e2m1, codes[0], kMmaMxf4Step, scales, sizeof(std::uint32_t)};
}

}  // namespace

void compute_mqa_panel_fp8(const MqaOperands& operands, const TileOrigin& tile, MqaScratch& scratch) {
    F8f6f4Scratch& dots = scratch.f8f6f4;
    std::memset(dots.chain, 0, sizeof(dots.chain));
    for (std::int64_t k = 0; k < operands.q.cols; k += kMmaF8f6f4Step) {
        load_f8f6f4_rows(step_of(operands.q, tile.row, k), tile.rows, dots);
        load_f8f6f4_panel(step_of(operands.k, tile.column, k), tile.columns, dots);
        run_f8f6f4_step(tile.rows, tile.columns, dots);
    }
    alignas(64) MqaSums scales;
    read_key_scales(operands, tile, scales);
    sum_heads<SumOfChains>(operands, tile, scales, scratch);
}

void compute_mqa_panel_fp4(const MqaOperands& operands, const TileOrigin& tile, MqaScratch& scratch) {
    F8f6f4Scratch& dots = scratch.f8f6f4;
    std::memset(dots.chain, 0, sizeof(dots.chain));
    const auto* words = static_cast<const std::uint32_t*>(operands.k_scales);
    const Matrix<float> d{dots.chain[0], tile.rows, tile.columns, kFp8PanelColumns, 1};
    for (int step = 0; step < 2 * operands.q.cols / kMmaMxf4Step; ++step)
        mma_mxf4(unpack(operands.q, operands.q_scales, tile.row, tile.rows, step, scratch.mxf4.q),
                 unpack(operands.k, words, tile.column, tile.columns, step, scratch.mxf4.k), d);
    alignas(64) MqaSums ones;
    for (float& scale : ones) scale = 1;
    sum_heads<SumOfChains>(operands, tile, ones, scratch);
}

}  // namespace aotgemm::emulation::sm100
