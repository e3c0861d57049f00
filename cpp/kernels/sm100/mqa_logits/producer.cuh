// The producer warp: q, weights and key ranges of a block of rows, then its keys and their scales stage by stage.
#pragma once

#include <cstdint>

#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm100/mqa_logits/pipeline.cuh"
#include "sm100/mqa_logits/query_loader.cuh"
#include "sm90/mqa_logits/key_range.cuh"
#include "sm90/mqa_logits/share.cuh"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct MqaProducer {
    const MqaLogitsParams& params;
    MqaPipeline<Config> pipeline;
    int lane;
    QueryLoader<Config> queries;
    sm90::PipelineState<Config::kStages> at{};

    __device__ __forceinline__ void run(const sm90::Share& share) {
        int32_t skipped = share.skipped;  // cost of the first block that belongs to the thread block before
        for (int32_t block = share.block, left = share.cost; left > 0; ++block, skipped = 0) {
            const sm90::KeyRange own = range_of(block);
            const sm90::BlockKeys keys = keys_of_all(own);
            const int32_t cost = min(keys.cost() - skipped, left);
            left -= cost;
            const int32_t first_stage = max(skipped - sm90::kMqaBlockCost, 0);
            const int32_t stages = skipped + cost - sm90::kMqaBlockCost - first_stage;
            if (stages <= 0) continue;
            const int32_t first = keys.first + first_stage * sm90::kMqaBlockKeys;
            load_queries(block, own, first, stages);
#pragma unroll 1
            for (int32_t i = 0; i < stages; ++i) load_keys(first + i * sm90::kMqaBlockKeys);
        }
        queries.close();
        drain_keys(pipeline, at);
    }

   private:
    // The keys of the lane's row.
    __device__ __forceinline__ sm90::KeyRange range_of(int32_t block) const {
        const int32_t row = block * Config::kBlockRows + lane;
        const bool has_row = lane < Config::kBlockRows && row < params.rows;
        return has_row ? sm90::key_range(params, row) : sm90::KeyRange{0, 0, 0};
    }

    // Of all rows of the block together.
    __device__ __forceinline__ sm90::BlockKeys keys_of_all(const sm90::KeyRange& own) const {
        const uint32_t behind_first = own.count > 0 ? params.keys - own.first : 0, last = own.count > 0 ? own.last() : 0;
        const uint32_t most_behind = __reduce_max_sync(0xFFFFFFFFu, behind_first);
        return sm90::keys_between(params.keys - static_cast<int32_t>(most_behind),
                                  static_cast<int32_t>(__reduce_max_sync(0xFFFFFFFFu, last)));
    }

    __device__ __forceinline__ void load_queries(int32_t block, const sm90::KeyRange& own, int32_t first_key,
                                                 int32_t stages) {
        const QueryBlock<Config> to = queries.wait();
        const int32_t first_row = block * Config::kBlockRows;
        if (lane == 0) to.store(first_key, stages, first_row, kMqaTileColumns);
        if (lane < Config::kBlockRows) ptx::store_4_words(to.row(lane), own.first, own.count, own.shift, 0);
#pragma unroll
        for (int column = lane; column < Config::kBlockColumns; column += 32) {
            const int32_t row = first_row + column / Config::kHeads;
            const float* weights = params.weights + row * params.weights_row_stride;
            to.store_weight(column, row < params.rows ? weights[column % Config::kHeads] : 0.0f);
        }
        queries.load(block * Config::kBlockColumns, Config::kBlockColumns);
    }

    __device__ __forceinline__ void load_keys(int32_t first) {
        ptx::mbarrier_wait(pipeline.empty(at.stage), at.parity ^ 1);
        if (lane == 0) {
            const uint32_t full = pipeline.full(at.stage);
            ptx::mbarrier_arrive_expect_tx(full, sm90::kMqaBlockKeys * (params.format.row_bytes + 4));
            ptx::tma_load(pipeline.keys(at.stage), &params.k, full, 0, first);
            ptx::tma_load(pipeline.key_scales(at.stage), &params.k_scales, full, first, 0);
        }
        at.advance();
    }
};

}  // namespace aotgemm::sm100
