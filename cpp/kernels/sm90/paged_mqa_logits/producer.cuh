// The producer warp: it walks through the thread block's slots of the schedule and loads each part of a sequence.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/mqa_logits/pipeline.cuh"
#include "sm90/paged_mqa_logits/params.hpp"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct PagedMqaProducer {
    const PagedMqaLogitsParams& params;
    MqaPipeline<Config> pipeline;
    int lane;
    PipelineState<Config::kStages> at{};
    PipelineState<Config::kQueryStages> query_at{};

    __device__ __forceinline__ void run() {
        for (int32_t slot = blockIdx.x; slot < params.slots; slot += gridDim.x) walk(slot);
        close_queries(pipeline, query_at, lane);
    }

   private:
    // Keys [first, end) of a sequence.
    struct Part {
        int32_t sequence, first, end;
    };

    // Schedules may be made by others: what lies outside the sequences and their keys is left out.
    __device__ __forceinline__ void walk(int32_t slot) {
        const int32_t* entry = params.schedule + 2 * static_cast<int64_t>(slot);
        int32_t split = entry[1];
        const int32_t last = entry[2], last_split = max(entry[3], 0);
        if (entry[0] < 0 || split < 0) return;
        for (int32_t sequence = entry[0]; sequence < params.sequences && sequence <= last; ++sequence, split = 0) {
            const int32_t keys = length_of(sequence), splits = (keys + kPagedSplitKeys - 1) / kPagedSplitKeys;
            const int32_t end = sequence == last ? min(last_split, splits) : splits;
            if (split < end) load({sequence, split * kPagedSplitKeys, min(end * kPagedSplitKeys, keys)});
        }
    }

    // Of those that have a column and an entry in the table.
    __device__ __forceinline__ int32_t length_of(int32_t sequence) const {
        const int32_t length = max(params.lengths[sequence * params.lengths_stride], 0);
        const int64_t most = min(params.width, static_cast<int64_t>(params.table_blocks) * params.block_keys);
        return static_cast<int32_t>(min(most, static_cast<int64_t>(length)));
    }

    __device__ __forceinline__ void load(const Part& part) {
        const int32_t stages = (part.end - part.first + kMqaBlockKeys - 1) / kMqaBlockKeys;
        for (int32_t row = 0; row < params.rows_of_sequence; row += Config::kBlockRows) {
            load_queries(part, row, stages);
            load_keys(part, stages);
        }
    }

    // Rows of q from `row` of the sequence on, as many as are multiplied at a time.
    __device__ __forceinline__ void load_queries(const Part& part, int32_t row, int32_t stages) {
        ptx::mbarrier_wait(pipeline.query_empty(query_at.stage), query_at.parity ^ 1);
        const QueryBlock<Config> to{pipeline.shared, query_at.stage};
        const int32_t first_row = part.sequence * params.rows_of_sequence + row;
        const int32_t rows = min(params.rows_of_sequence - row, Config::kBlockRows);
        if (lane == 0) ptx::store_4_words(to.at, part.first, stages, first_row, 0);
        if (lane < Config::kBlockRows) {
            ptx::store_4_words(to.row(lane), part.first, lane < rows ? part.end - part.first : 0, 0, 0);
        }
#pragma unroll
        for (int column = lane; column < Config::kBlockColumns; column += 32) {
            const float* weights = params.weights + (first_row + column / Config::kHeads) * params.weights_row_stride;
            const float weight = column / Config::kHeads < rows ? weights[column % Config::kHeads] : 0.0f;
            to.store_weight(column, weight);
        }
        __syncwarp();
        if (lane == 0) {
            const uint32_t full = pipeline.query_full(query_at.stage);
            ptx::mbarrier_arrive_expect_tx(full, Config::kQueryBytes);
            ptx::tma_load(pipeline.queries(query_at.stage), &params.q, full, 0, first_row * Config::kHeads);
        }
        query_at.advance();
    }

    // Each lane reads one of the next 32 entries of the table; blocks past the end, and such as there are none, are zeros.
    __device__ __forceinline__ void load_keys(const Part& part, int32_t stages) {
        const int32_t* table = params.block_table + part.sequence * params.block_table_stride;
        const int per_stage = kMqaBlockKeys / params.block_keys, per_round = 32 / per_stage;
        for (int32_t stage = 0; stage < stages; stage += per_round) {
            const int32_t first = part.first + stage * kMqaBlockKeys + lane * params.block_keys;
            const int32_t block = first < part.end ? table[first / params.block_keys] : -1;
            for (int i = 0; i < min(per_round, stages - stage); ++i) {
                load_stage(__shfl_sync(0xFFFFFFFF, block, i * per_stage + lane % per_stage), per_stage);
            }
        }
    }

    // The first lanes load a block each.
    __device__ __forceinline__ void load_stage(int32_t block, int blocks) {
        ptx::mbarrier_wait(pipeline.empty(at.stage), at.parity ^ 1);
        const uint32_t full = pipeline.full(at.stage);
        if (lane == 0) ptx::mbarrier_arrive_expect_tx(full, Config::kStageBytes);
        __syncwarp();
        if (lane < blocks) {
            const int first = lane * params.block_keys;
            ptx::tma_load(pipeline.keys(at.stage) + first * Config::kHeadDim, &params.k, full, {0, 0, block});
            ptx::tma_load(pipeline.scales(at.stage) + first * 4, &params.k_scales, full, 0, block);
        }
        at.advance();
    }
};

}  // namespace aotgemm::sm90
