// The scale warp arranges words of scales as tcgen05.cp wants them.
//
// The TMA brings a word for each row, row after row. tcgen05.cp.32x128b copies 16 bytes to each of 32 lanes: the words of
// rows l, 32 + l, 64 + l and 96 + l to lane l, where the instruction looks for them (PTX ISA, tcgen05, "Scale factor
// A/B layout for scale_vec::1X").
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm100/fp8_fp4_gemm/config.cuh"
#include "sm100/fp8_fp4_gemm/stage.cuh"
#include "sm100/pipeline/operand_pipeline.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/pipeline/tile_queue.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct ScaleWarp {
    const Fp8Fp4GemmParams& params;
    uint32_t shared;  // start of dynamic shared memory
    int lane;
    sm90::TileQueue<Config> tiles;
    sm90::PipelineState<Config::kStages> at;

    // The warp runs this together.
    __device__ __forceinline__ void run() {
        sm90::Tile tile;
        int32_t steps;
        while (tiles.pop(tile, steps)) {
            // The box of a tile that starts between two multiples begins with rows of the group before.
            const int first = Config::kGrouping == Grouping::psum ? tile.row % sm90::kRowsOfBoxStart : 0;
            for (int32_t stage_of_sum = 0; stage_of_sum * Config::kSteps < steps; ++stage_of_sum) {
                arrange_stage(stage_of_sum, first);
            }
        }
    }

   private:
    __device__ __forceinline__ void arrange_stage(int32_t stage_of_sum, int first_of_a) {
        const Fp8Stage<Config> stage{shared, at.stage};
        ptx::mbarrier_wait(OperandPipeline<Config>{shared}.full(at.stage), at.parity);
        const bool of_a = brings_scales(stage_of_sum, params.stages_of_word_a);
        const bool of_b = brings_scales(stage_of_sum, params.stages_of_word_b);
        if (of_a) arrange<Config::kScaleBlocksA>(stage.scales_a(), first_of_a);
        if (of_b) arrange<Config::kScaleBlocksB>(stage.scales_b(), 0);
        if (of_a || of_b) ptx::fence_async_proxy();
        __syncwarp();
        if (lane == 0) stage.arrive();
        at.advance();
    }

    // Words that no row of the tile has are arranged too; what they hold scales columns of D that nobody stores.
    template <int kBlocks>
    __device__ __forceinline__ void arrange(uint32_t words, int first) const {
#pragma unroll
        for (int block = 0; block < kBlocks; ++block) {
            const uint32_t from = words + block * kScaleRows * 4;
            int32_t word[4];
#pragma unroll
            for (int i = 0; i < 4; ++i) word[i] = ptx::load_word(from + (first + i * 32 + lane) * 4);
            __syncwarp();
            ptx::store_4_words(from + lane * 16, word[0], word[1], word[2], word[3]);
            __syncwarp();
        }
    }
};

}  // namespace aotgemm::sm100
