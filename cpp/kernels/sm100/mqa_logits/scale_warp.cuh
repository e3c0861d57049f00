// The scale warp (FP4) arranges the words of a stage of keys, and of a block of rows, as tcgen05.cp wants them: the words
// of rows l, 32 + l, 64 + l and 96 + l in the 16 bytes of lane l.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm100/mqa_logits/pipeline.cuh"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct MqaScaleWarp {
    MqaPipeline<Config> pipeline;
    int lane;
    sm90::PipelineState<Config::kStages> at{};
    sm90::PipelineState<Config::kQueryStages> query_at{};

    __device__ __forceinline__ void run() {
        int32_t stages = next_stages();
        while (stages != 0) {
#pragma unroll 1
            for (int32_t i = 0; i < stages; ++i) arrange_stage();
            query_at.advance();
            stages = next_stages();
        }
    }

   private:
    __device__ __forceinline__ int32_t next_stages() const {
        ptx::mbarrier_wait(pipeline.query_full(query_at.stage), query_at.parity);
        const int32_t stages = QueryBlock<Config>{pipeline.shared, query_at.stage}.stages();
        if (stages != 0) {
            for (int tile = 0; tile < Config::kTiles; ++tile) {
                arrange(pipeline.query_scales(query_at.stage) + tile * kMqaTileColumns * 4);
            }
        }
        arrive(pipeline.query_scaled(query_at.stage));
        return stages;
    }

    __device__ __forceinline__ void arrange_stage() {
        ptx::mbarrier_wait(pipeline.full(at.stage), at.parity);
        arrange(pipeline.key_scales(at.stage));
        arrive(pipeline.scaled(at.stage));
        at.advance();
    }

    // Words that were not loaded are arranged too: they scale sums that nobody stores.
    __device__ __forceinline__ void arrange(uint32_t words) const {
        int32_t word[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) word[i] = ptx::load_word(words + (i * 32 + lane) * 4);
        __syncwarp();
        ptx::store_4_words(words + lane * 16, word[0], word[1], word[2], word[3]);
    }

    __device__ __forceinline__ void arrive(uint32_t barrier) const {
        ptx::fence_async_proxy();
        __syncwarp();
        if (lane == 0) ptx::mbarrier_arrive(barrier);
    }
};

}  // namespace aotgemm::sm100
