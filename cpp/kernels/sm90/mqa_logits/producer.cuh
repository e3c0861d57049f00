// The producer warp: q, weights and key ranges of a block of rows, then its keys and their scales stage by stage.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/mqa_logits/key_range.cuh"
#include "sm90/mqa_logits/pipeline.cuh"
#include "sm90/mqa_logits/share.cuh"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct MqaProducer {
    const MqaLogitsParams& params;
    MqaPipeline<Config> pipeline;
    int lane;
    PipelineState<Config::kStages> at{};
    PipelineState<Config::kQueryStages> query_at{};

    __device__ __forceinline__ void run(const Share& share) {
        int32_t block = share.block, first_stage = share.first_stage;
        for (int32_t left = share.stages; left > 0; ++block, first_stage = 0) {
            const BlockKeys keys = block_keys<Config>(params, block);
            const int32_t stages = min(keys.stages() - first_stage, left);
            if (stages == 0) continue;
            const int32_t first = keys.first + first_stage * kMqaBlockKeys;
            load_queries(block, first, keys.products(first_stage, stages));
            for (int32_t i = 0; i < stages; ++i) load_keys(first + i * kMqaBlockKeys);
            left -= stages;
        }
        close();
    }

   private:
    __device__ __forceinline__ void load_queries(int32_t block, int32_t first_key, int32_t products) {
        ptx::mbarrier_wait(pipeline.query_empty(query_at.stage), query_at.parity ^ 1);
        const QueryBlock<Config> to{pipeline.shared, query_at.stage};
        if (lane == 0) ptx::store_4_words(to.at, first_key, products, block * Config::kBlockRows, 0);
        if (lane < Config::kBlockRows) write_range(to.row(lane), block * Config::kBlockRows + lane);
#pragma unroll
        for (int column = lane; column < Config::kBlockColumns; column += 32) {
            const int32_t row = block * Config::kBlockRows + column / Config::kHeads;
            const float* weights = params.weights + row * params.weights_row_stride;
            const float weight = row < params.rows ? weights[column % Config::kHeads] : 0.0f;
            ptx::store_word(to.weights() + column * 4, __float_as_int(weight));
        }
        __syncwarp();
        if (lane == 0) {
            const uint32_t full = pipeline.query_full(query_at.stage);
            ptx::mbarrier_arrive_expect_tx(full, Config::kQueryBytes);
            ptx::tma_load(pipeline.queries(query_at.stage), &params.q, full, 0, block * Config::kBlockColumns);
        }
        query_at.advance();
    }

    __device__ __forceinline__ void write_range(uint32_t to, int32_t row) const {
        const KeyRange keys = row < params.rows ? key_range(params, row) : KeyRange{0, 0, 0};
        ptx::store_4_words(to, keys.first, keys.count, keys.shift, 0);
    }

    __device__ __forceinline__ void load_keys(int32_t first) {
        ptx::mbarrier_wait(pipeline.empty(at.stage), at.parity ^ 1);
        if (lane == 0) {
            const uint32_t full = pipeline.full(at.stage);
            ptx::mbarrier_arrive_expect_tx(full, Config::kStageBytes);
            ptx::tma_load(pipeline.keys(at.stage), &params.k, full, 0, first);
            ptx::tma_load(pipeline.scales(at.stage), &params.k_scales, full, first, 0);
        }
        at.advance();
    }

    // A block of no products: the consumers' work is done.
    __device__ __forceinline__ void close() {
        ptx::mbarrier_wait(pipeline.query_empty(query_at.stage), query_at.parity ^ 1);
        if (lane != 0) return;
        ptx::store_4_words(QueryBlock<Config>{pipeline.shared, query_at.stage}.at, 0, 0, 0, 0);
        ptx::mbarrier_arrive(pipeline.query_full(query_at.stage));
    }
};

}  // namespace aotgemm::sm90
