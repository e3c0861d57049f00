// The FP8 tile loops, compiled once per instruction set.
#include "emulation/sm90/fp8_tile.hpp"

#include "emulation/core/exact_fma.hpp"
#include "emulation/sm90/fp8_step.hpp"
#include "emulation/core/lanes.hpp"

namespace aotgemm::emulation {
namespace {

// Each step goes over all rows, so that the panel's part for that step stays in the first-level cache.
template <class L>
AOTGEMM_INLINE void run_steps(const TileOrigin& tile, int steps, Fp8Scratch& scratch) {
    const Fp8Panel& panel = scratch.panel;
    for (int k = 0; k < steps * kFp8Step; k += kFp8Step)
        for (int row = 0; row < tile.rows; ++row)
            fp8_step<L>(&scratch.rows.value[row][k], &scratch.rows.exponent[row][k], &panel.value[k],
                        &panel.exponent[k], scratch.chain.value[row]);
}

template <bool kHasFma>
AOTGEMM_INLINE void promote(const TileOrigin& tile, const Fp8BlockScales& scales, Fp8Scratch& scratch) {
    for (int row = 0; row < tile.rows; ++row) {
        const NanMask row_nan_mask = scratch.rows.nan_mask[row];
        const float* chain = scratch.chain.value[row];
        float* promoted = scratch.promoted.value[row];
        for (int column = 0; column < kFp8PanelColumns; ++column) {
            const float block = chain[column] + (row_nan_mask + scratch.panel.nan_mask[column]);
            promoted[column] = exact_fma<kHasFma>(block, scales.row[row] * scales.column[column], promoted[column]);
        }
    }
}

AOTGEMM_TARGET_AVX512 void run_steps_avx512(const TileOrigin& tile, int steps, Fp8Scratch& scratch) {
    run_steps<Lanes<64>>(tile, steps, scratch);
}

AOTGEMM_TARGET_AVX2 void run_steps_avx2(const TileOrigin& tile, int steps, Fp8Scratch& scratch) {
    run_steps<Lanes<32>>(tile, steps, scratch);
}

void run_steps_baseline(const TileOrigin& tile, int steps, Fp8Scratch& scratch) {
    run_steps<Lanes<16>>(tile, steps, scratch);
}

// CPUs with AVX2 have fma. Wider lanes would gain nothing, as one promotion follows 128 products.
AOTGEMM_TARGET_AVX2 void promote_avx2(const TileOrigin& tile, const Fp8BlockScales& scales, Fp8Scratch& scratch) {
    promote<true>(tile, scales, scratch);
}

void promote_baseline(const TileOrigin& tile, const Fp8BlockScales& scales, Fp8Scratch& scratch) {
    promote<kBaselineHasFma>(tile, scales, scratch);
}

}  // namespace

void run_fp8_steps(const TileOrigin& tile, int steps, Fp8Scratch& scratch) {
    switch (host_instruction_set()) {
        case InstructionSet::avx512: return run_steps_avx512(tile, steps, scratch);
        case InstructionSet::avx2: return run_steps_avx2(tile, steps, scratch);
        case InstructionSet::baseline: return run_steps_baseline(tile, steps, scratch);
    }
}

void promote_fp8_block(const TileOrigin& tile, const Fp8BlockScales& scales, Fp8Scratch& scratch) {
    if (host_instruction_set() == InstructionSet::baseline) return promote_baseline(tile, scales, scratch);
    promote_avx2(tile, scales, scratch);
}

}  // namespace aotgemm::emulation
