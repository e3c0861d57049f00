// The loop over a tile's rows of queries around an architecture's sum over heads, compiled once per instruction set.
#pragma once

#include "emulation/core/exact_fma.hpp"
#include "emulation/core/lanes.hpp"
#include "emulation/ops/mqa_panel.hpp"

namespace aotgemm::emulation {

using MqaSums = float[kFp8PanelColumns];  // one of each key

// OfRow::sum<kHasFma>(scratch, row, heads, weights, scales, out): the logits of all keys and of the row of queries whose
// heads begin with the tile's row `row`.
template <class OfRow, bool kHasFma>
AOTGEMM_INLINE void sum_rows(const MqaOperands& operands, const TileOrigin& tile, const MqaSums& scales,
                             MqaScratch& scratch) {
    for (int row = 0; row < tile.rows; row += operands.heads) {
        const std::int64_t of_call = (tile.row + row) / operands.heads;
        const float* weights = operands.weights.data + of_call * operands.weights.row_stride;
        OfRow::template sum<kHasFma>(scratch, row, operands.heads, weights, scales, scratch.logits[row / operands.heads]);
    }
}

template <class OfRow>
AOTGEMM_TARGET_AVX2 void sum_rows_avx2(const MqaOperands& operands, const TileOrigin& tile, const MqaSums& scales,
                                       MqaScratch& scratch) {
    sum_rows<OfRow, true>(operands, tile, scales, scratch);
}

template <class OfRow>
void sum_heads(const MqaOperands& operands, const TileOrigin& tile, const MqaSums& scales, MqaScratch& scratch) {
    if (host_instruction_set() != InstructionSet::baseline) return sum_rows_avx2<OfRow>(operands, tile, scales, scratch);
    sum_rows<OfRow, kBaselineHasFma>(operands, tile, scales, scratch);
}

// The FP32 scales of a tile's keys, zeros behind them.
inline void read_key_scales(const MqaOperands& operands, const TileOrigin& tile, MqaSums& scales) {
    const float* of_keys = static_cast<const float*>(operands.k_scales) + tile.column;
    for (int key = 0; key < kFp8PanelColumns; ++key) scales[key] = key < tile.columns ? of_keys[key] : 0.0f;
}

}  // namespace aotgemm::emulation
