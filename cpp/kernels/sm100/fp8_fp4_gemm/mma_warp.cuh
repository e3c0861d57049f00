// The warp that multiplies. One of its threads, in a pair that of the leader block, issues the copies of scales and the
// instructions: cute's wrappers elect it, so the warp runs together.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/tcgen05.cuh"
#include "sm100/fp8_fp4_gemm/instruction.cuh"
#include "sm100/fp8_fp4_gemm/scale_descriptor.cuh"
#include "sm100/fp8_fp4_gemm/stage.cuh"
#include "sm100/pipeline/accumulator_pipeline.cuh"
#include "sm100/pipeline/operand_pipeline.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/pipeline/tile_queue.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct MmaWarp {
    using A = typename Config::A;
    using B = typename Config::B;
    using Descriptor = cute::UMMA::InstrDescriptorBlockScaled;

    const Fp8Fp4GemmParams& params;
    uint32_t shared;         // start of dynamic shared memory
    uint32_t tensor_memory;  // its first column
    sm90::TileQueue<Config> tiles;
    AccumulatorPipeline<Config> accumulators;
    sm90::PipelineState<Config::kStages> at;

    // The leader's warp runs this together.
    __device__ __forceinline__ void run() {
        sm90::Tile tile;
        int32_t steps;
        while (tiles.pop(tile, steps)) {
            if (steps > 0) multiply(tile, steps);
        }
    }

    // The warp of the other block of a pair takes the tiles alone.
    __device__ __forceinline__ void pass() {
        sm90::Tile tile;
        while (tiles.pop(tile)) {
        }
    }

   private:
    // Adds up `steps` instructions in the next accumulator.
    __device__ __forceinline__ void multiply(const sm90::Tile& tile, int32_t steps) {
        accumulators.wait_until_empty();
        const Descriptor descriptor = Instruction<Config>::descriptor(params, tile);
        for (int32_t stage_of_sum = 0; stage_of_sum * Config::kSteps < steps; ++stage_of_sum) {
            multiply_stage(descriptor, stage_of_sum, steps - stage_of_sum * Config::kSteps);
        }
        accumulators.commit();
        accumulators.advance();
    }

    __device__ __forceinline__ void multiply_stage(Descriptor descriptor, int32_t stage_of_sum, int32_t steps) {
        const Fp8Stage<Config> stage{shared, at.stage};
        ptx::mbarrier_wait(stage.scaled(), at.parity);
        ptx::tcgen05_fence_after_thread_sync();
        if (ptx::elect_one()) copy_scales(stage, stage_of_sum);
        __syncwarp();
        const uint64_t a = A::descriptor(stage.a()), b = B::descriptor(stage.b());
#pragma unroll
        for (int step = 0; step < Config::kSteps; ++step) {
            if (step >= steps) break;
            issue(a + (A::offset(step) >> 4), b + (B::offset(step) >> 4), with_scale_ids(descriptor, stage_of_sum, step),
                  stage_of_sum > 0 || step > 0);
        }
        OperandPipeline<Config>{shared}.release(at.stage);
        at.advance();
    }

    __device__ __forceinline__ void issue(uint64_t a, uint64_t b, Descriptor descriptor, bool adds) const {
        const uint32_t sums = accumulators.address();
        const uint32_t scales_a = tensor_memory + Config::kColumnOfScalesA;
        const uint32_t scales_b = tensor_memory + Config::kColumnOfScalesB;
        if constexpr (Config::kSwapAB) {
            Instruction<Config>::issue(b, a, sums, adds, descriptor, scales_b, scales_a);
        } else {
            Instruction<Config>::issue(a, b, sums, adds, descriptor, scales_a, scales_b);
        }
    }

    // The byte of each operand's words that scales this step: that of the step or, where a word has four stages, of the
    // stage.
    __device__ __forceinline__ Descriptor with_scale_ids(Descriptor descriptor, int32_t stage_of_sum, int step) const {
        const auto id = [&](int32_t stages_of_word) { return stages_of_word == 1 ? step : stage_of_sum & 3; };
        const int of_a = id(params.stages_of_word_a), of_b = id(params.stages_of_word_b);
        descriptor.a_sf_id_ = static_cast<uint16_t>(Config::kSwapAB ? of_b : of_a);
        descriptor.b_sf_id_ = static_cast<uint16_t>(Config::kSwapAB ? of_a : of_b);
        return descriptor;
    }

    // One thread copies what the stage brings. Copies and instructions of one thread run in order.
    __device__ __forceinline__ void copy_scales(const Fp8Stage<Config>& stage, int32_t stage_of_sum) const {
        if (brings_scales(stage_of_sum, params.stages_of_word_a)) {
            copy_blocks<Config::kScaleBlocksA>(stage.scales_a(), Config::kColumnOfScalesA);
        }
        if (brings_scales(stage_of_sum, params.stages_of_word_b)) {
            copy_blocks<Config::kScaleBlocksB>(stage.scales_b(), Config::kColumnOfScalesB);
        }
    }
    template <int kBlocks>
    __device__ __forceinline__ void copy_blocks(uint32_t from, uint32_t column) const {
#pragma unroll
        for (int block = 0; block < kBlocks; ++block) {
            Instruction<Config>::copy_scales(scale_descriptor(from + block * kScaleRows * 4),
                                             tensor_memory + column + block * kScaleColumns);
        }
    }

};

}  // namespace aotgemm::sm100
