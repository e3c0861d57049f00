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
        int32_t skipped = share.skipped;  // cost of the first block that belongs to the thread block before
        for (int32_t block = share.block, left = share.cost; left > 0; ++block, skipped = 0) {
            const Rows rows = read_rows(block);
            const int32_t cost = min(rows.keys.cost() - skipped, left);
            left -= cost;
            const int32_t first_stage = max(skipped - kMqaBlockCost, 0);
            const int32_t stages = skipped + cost - kMqaBlockCost - first_stage;
            if (stages <= 0) continue;
            const int32_t first = rows.keys.first + first_stage * kMqaBlockKeys;
            load_queries(rows, block, first, rows.keys.products(first_stage, stages));
            for (int32_t i = 0; i < stages; ++i) load_keys(first + i * kMqaBlockKeys);
        }
        close_queries(pipeline, query_at, lane);
    }

   private:
    static constexpr int kLaneColumns = Config::kBlockColumns / 32;

    // Of a block of rows: the lane's row and weights, and the keys of all rows together.
    struct Rows {
        KeyRange own;
        float weights[kLaneColumns];
        BlockKeys keys;
    };

    // All loads are under way at a time.
    __device__ __forceinline__ Rows read_rows(int32_t block) const {
        Rows rows;
        const int32_t first_row = block * Config::kBlockRows, row = first_row + lane;
        const bool has_row = lane < Config::kBlockRows && row < params.rows;
        rows.own = has_row ? key_range(params, row) : KeyRange{0, 0, 0};
#pragma unroll
        for (int i = 0; i < kLaneColumns; ++i) {
            const int column = i * 32 + lane, of_row = first_row + column / Config::kHeads;
            const float* weights = params.weights + of_row * params.weights_row_stride;
            rows.weights[i] = of_row < params.rows ? weights[column % Config::kHeads] : 0.0f;
        }
        int32_t first = rows.own.count > 0 ? rows.own.first : params.keys;
        int32_t last = rows.own.count > 0 ? rows.own.last() : 0;
#pragma unroll
        for (int distance = 1; distance < Config::kBlockRows; distance *= 2) {
            first = min(first, __shfl_xor_sync(0xFFFFFFFF, first, distance));
            last = max(last, __shfl_xor_sync(0xFFFFFFFF, last, distance));
        }
        rows.keys = keys_between(__shfl_sync(0xFFFFFFFF, first, 0), __shfl_sync(0xFFFFFFFF, last, 0));
        return rows;
    }

    __device__ __forceinline__ void load_queries(const Rows& rows, int32_t block, int32_t first_key, int32_t products) {
        ptx::mbarrier_wait(pipeline.query_empty(query_at.stage), query_at.parity ^ 1);
        const QueryBlock<Config> to{pipeline.shared, query_at.stage};
        if (lane == 0) ptx::store_4_words(to.at, first_key, products, block * Config::kBlockRows, 0);
        if (lane < Config::kBlockRows) {
            ptx::store_4_words(to.row(lane), rows.own.first, rows.own.count, rows.own.shift, 0);
        }
#pragma unroll
        for (int i = 0; i < kLaneColumns; ++i) to.store_weight(i * 32 + lane, rows.weights[i]);
        __syncwarp();
        if (lane == 0) {
            const uint32_t full = pipeline.query_full(query_at.stage);
            ptx::mbarrier_arrive_expect_tx(full, Config::kQueryBytes);
            ptx::tma_load(pipeline.queries(query_at.stage), &params.q, full, 0, block * Config::kBlockColumns);
        }
        query_at.advance();
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
};

}  // namespace aotgemm::sm90
