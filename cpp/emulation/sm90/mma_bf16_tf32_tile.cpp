// The BF16 and TF32 tile loops, compiled once per instruction set.
#include "emulation/sm90/mma_bf16_tf32_tile.hpp"

#include "emulation/core/lanes.hpp"
#include "emulation/sm90/mma_bf16_tf32_step.hpp"

namespace aotgemm::emulation {
namespace {

template <class L, int kLength>
AOTGEMM_INLINE void run_steps(const MmaBf16Tf32Tile& tile, int steps, MmaBf16Tf32Scratch& scratch) {
    for (int k = 0; k < steps * kLength; k += kLength)
        for (int row = 0; row < tile.rows; ++row)
            for (int column = 0; column < kMmaBf16Tf32PanelColumns; column += L::kCount64)
                mma_bf16_tf32_step<L, kLength>(&scratch.rows.value[row][k], &scratch.rows.exponent[row][k],
                                      &scratch.panel.value[k][column], &scratch.panel.exponent[k][column],
                                      &scratch.chain[row][column], &scratch.largest_exponent[row][column]);
}

template <class L>
AOTGEMM_INLINE void run_steps_of(const MmaBf16Tf32Tile& tile, int step_length, int steps, MmaBf16Tf32Scratch& scratch) {
    if (step_length == 16) return run_steps<L, 16>(tile, steps, scratch);
    run_steps<L, 8>(tile, steps, scratch);
}

AOTGEMM_TARGET_AVX512 void run_avx512(const MmaBf16Tf32Tile& tile, int step_length, int steps,
                                      MmaBf16Tf32Scratch& scratch) {
    run_steps_of<Lanes<64>>(tile, step_length, steps, scratch);
}

AOTGEMM_TARGET_AVX2 void run_avx2(const MmaBf16Tf32Tile& tile, int step_length, int steps,
                                  MmaBf16Tf32Scratch& scratch) {
    run_steps_of<Lanes<32>>(tile, step_length, steps, scratch);
}

void run_baseline(const MmaBf16Tf32Tile& tile, int step_length, int steps, MmaBf16Tf32Scratch& scratch) {
    run_steps_of<Lanes<16>>(tile, step_length, steps, scratch);
}

}  // namespace

void run_mma_bf16_tf32_steps(const MmaBf16Tf32Tile& tile, int step_length, int steps, MmaBf16Tf32Scratch& scratch) {
    switch (host_instruction_set()) {
        case InstructionSet::avx512: return run_avx512(tile, step_length, steps, scratch);
        case InstructionSet::avx2: return run_avx2(tile, step_length, steps, scratch);
        case InstructionSet::baseline: return run_baseline(tile, step_length, steps, scratch);
    }
}

}  // namespace aotgemm::emulation
