// The warp that multiplies: each stage of keys by the tiles of rows of q, one chain over head_dim for each product. cute's
// wrappers elect the thread that issues, so the warp runs together.
#pragma once

#include <cstdint>
#include <type_traits>

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/tcgen05.cuh"
#include "sm100/fp8_fp4_gemm/scale_descriptor.cuh"
#include "sm100/mqa_logits/instruction.cuh"
#include "sm100/mqa_logits/pipeline.cuh"
#include "sm100/pipeline/commit.cuh"
#include "sm100/pipeline/matrix_descriptor.cuh"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct MqaMmaWarp {
    using Instruction = std::conditional_t<Config::kFp4, MqaFp4Instruction, MqaFp8Instruction>;

    MqaPipeline<Config> pipeline;
    uint32_t tensor_memory;  // its first column
    int32_t row_bytes;       // of a head of q, and of a key
    sm90::PipelineState<Config::kStages> at{};
    sm90::PipelineState<Config::kQueryStages> query_at{};
    sm90::PipelineState<kMqaAccumulators> sums_at{};
    sm90::PipelineState<kMqaTileBarriers> tile_at{};

    __device__ __forceinline__ void run() {
        int32_t stages = next_stages();
        while (stages != 0) {
            const Instruction instruction(QueryBlock<Config>{pipeline.shared, query_at.stage}.columns());
            if constexpr (Config::kFp4) copy_query_scales();
#pragma unroll 1
            for (int32_t i = 0; i < stages; ++i) multiply_stage(instruction);
            commit_to<false>(pipeline.query_empty(query_at.stage));
            query_at.advance();
            stages = next_stages();
        }
    }

   private:
    // Waits for the next block of rows: its stages of keys, or 0 if there is none.
    __device__ __forceinline__ int32_t next_stages() const {
        const uint32_t stage = query_at.stage;
        ptx::mbarrier_wait(Config::kFp4 ? pipeline.query_scaled(stage) : pipeline.query_full(stage), query_at.parity);
        ptx::tcgen05_fence_after_thread_sync();
        return QueryBlock<Config>{pipeline.shared, stage}.stages();
    }

    __device__ __forceinline__ void multiply_stage(const Instruction& instruction) {
        const uint32_t stage = at.stage;
        ptx::mbarrier_wait(Config::kFp4 ? pipeline.scaled(stage) : pipeline.full(stage), at.parity);
        ptx::tcgen05_fence_after_thread_sync();
        if constexpr (Config::kFp4) copy_scales(pipeline.key_scales(stage), Config::kColumnOfKeyScales);
        const uint64_t keys = swizzled_descriptor(pipeline.keys(stage), kNoBoxBytes, row_bytes);
#pragma unroll
        for (int tile = 0; tile < Config::kTiles; ++tile) {
            const uint32_t first = pipeline.queries(query_at.stage) + tile * kMqaTileColumns * row_bytes;
            multiply(instruction, keys, swizzled_descriptor(first, kNoBoxBytes, row_bytes), tile);
        }
        commit_to<false>(pipeline.empty(stage));
        at.advance();
    }

    // One product, into the next accumulator. Steps advance inside the swizzled rows; descriptors count 16 bytes.
    __device__ __forceinline__ void multiply(const Instruction& instruction, uint64_t keys, uint64_t heads, int tile) {
        ptx::mbarrier_wait(pipeline.sums_empty(sums_at.stage), sums_at.parity ^ 1);
        ptx::tcgen05_fence_after_thread_sync();
        const uint32_t sums = tensor_memory + sums_at.stage * kMqaTileColumns;
        const uint32_t key_scales = tensor_memory + Config::kColumnOfKeyScales;
        const uint32_t query_scales = tensor_memory + Config::kColumnOfQueryScales + tile * 4;
#pragma unroll 1
        for (int step = 0; step * kMqaStepBytes < row_bytes; ++step) {
            const int offset = step * kMqaStepBytes / 16;
            instruction.issue(keys + offset, heads + offset, sums, step, key_scales, query_scales);
        }
        commit_to<false>(pipeline.summed(tile_at.stage));
        sums_at.advance();
        tile_at.advance();
    }

    __device__ __forceinline__ void copy_query_scales() const {
#pragma unroll
        for (int tile = 0; tile < Config::kTiles; ++tile) {
            copy_scales(pipeline.query_scales(query_at.stage) + tile * kMqaTileColumns * 4,
                        Config::kColumnOfQueryScales + tile * 4);
        }
    }

    // One thread copies 128 arranged words. Copies and instructions of one thread run in order.
    __device__ __forceinline__ void copy_scales(uint32_t from, int column) const {
        if (ptx::elect_one()) {
            cute::SM100::TMEM::UTCCP::SM100_UTCCP_4x32dp128bit_1cta::copy(scale_descriptor(from), tensor_memory + column);
        }
        __syncwarp();
    }
};

}  // namespace aotgemm::sm100
