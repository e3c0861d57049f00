// The sum over heads as the lanes of a warpgroup take it, compiled once per instruction set.
#include "emulation/sm90/mqa_panel.hpp"

#include <cstring>

#include "emulation/ops/mqa_head_sums.hpp"

namespace aotgemm::emulation::sm90 {
namespace {

constexpr int kLanes = 4;    // lanes that share an output row of wgmma
constexpr int kPeriod = 8;   // columns of wgmma after which the same lane holds two adjacent ones again

// Twice the positive part of a dot product, exactly. A NaN stays, and so does one of an operand (its mask).
AOTGEMM_INLINE float twice_positive(float dot, NanMask mask) {
    const float value = dot + mask;
    return value + __builtin_fabsf(value);
}

// sum = positive part * weight, or that added to the sum with one rounding.
template <bool kHasFma>
AOTGEMM_INLINE void add_head(const Fp8Scratch& fp8, int row, float weight, bool is_first, MqaSums& sum) {
    const float half = weight * 0.5f;
    const float* dots = fp8.chain.value[row];
    const NanMask row_mask = fp8.rows.nan_mask[row];
    for (int j = 0; j < kFp8PanelColumns; ++j) {
        const float twice = twice_positive(dots[j], row_mask + fp8.panel.nan_mask[j]);
        sum[j] = is_first ? twice * half : exact_fma<kHasFma>(twice, half, sum[j]);
    }
}

// out = (the even heads of a lane + its odd heads) * the key's scale.
template <bool kHasFma>
AOTGEMM_INLINE void sum_lane(const Fp8Scratch& fp8, int first_row, int heads, const float* weights,
                             const MqaSums& scales, int lane, MqaSums& out) {
    MqaSums even, odd;
    for (int step = 0; step < heads / kPeriod; ++step) {
        const int head = 2 * lane + kPeriod * (step < 2 ? 1 - step : step);  // the second one first
        add_head<kHasFma>(fp8, first_row + head, weights[head], step == 0, even);
        add_head<kHasFma>(fp8, first_row + head + 1, weights[head + 1], step == 0, odd);
    }
    for (int j = 0; j < kFp8PanelColumns; ++j) out[j] = (even[j] + odd[j]) * scales[j];
}

// The lanes' sums of a row, in pairs.
struct SumOfLanes {
    template <bool kHasFma>
    AOTGEMM_INLINE static void sum(const MqaScratch& scratch, int row, int heads, const float* weights,
                                   const MqaSums& scales, MqaSums& out) {
        alignas(64) MqaSums lanes[kLanes];
        for (int lane = 0; lane < kLanes; ++lane)
            sum_lane<kHasFma>(scratch.fp8, row, heads, weights, scales, lane, lanes[lane]);
        for (int j = 0; j < kFp8PanelColumns; ++j) out[j] = (lanes[0][j] + lanes[1][j]) + (lanes[2][j] + lanes[3][j]);
    }
};

}  // namespace

void compute_mqa_panel(const MqaOperands& operands, const TileOrigin& tile, MqaScratch& scratch) {
    std::memset(&scratch.fp8.chain, 0, sizeof(scratch.fp8.chain));
    const int steps = load_fp8_block(operands.q, operands.k, tile, 0, scratch.fp8);
    run_fp8_steps(tile, steps, scratch.fp8);
    alignas(64) MqaSums scales;
    read_key_scales(operands, tile, scales);
    sum_heads<SumOfLanes>(operands, tile, scales, scratch);
}

}  // namespace aotgemm::emulation::sm90
