// The producer warp: it walks through the thread block's slots of the schedule and loads each part of a sequence.
#pragma once

#include <cstdint>

#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm100/mqa_logits/pipeline.cuh"
#include "sm100/mqa_logits/query_loader.cuh"
#include "sm100/paged_mqa_logits/params.hpp"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct PagedMqaProducer {
    const PagedMqaLogitsParams& params;
    MqaPipeline<Config> pipeline;
    int lane;
    QueryLoader<Config> queries;
    sm90::PipelineState<Config::kStages> at{};

    __device__ __forceinline__ void run() {
        for (auto slot = static_cast<int32_t>(blockIdx.x); slot < params.slots; slot += static_cast<int32_t>(gridDim.x)) {
            walk(slot);
        }
        queries.close();
        drain_keys(pipeline, at);
    }

   private:
    // Keys [first, end) of a sequence.
    struct Part {
        int32_t sequence, first, end;
        __device__ __forceinline__ int32_t stages() const {
            return (end - first + sm90::kMqaBlockKeys - 1) / sm90::kMqaBlockKeys;
        }
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

    // Rows of q that do not fit into one tile meet the keys one tile after the other.
    __device__ __forceinline__ void load(const Part& part) {
        const int32_t rows_of_tile = params.columns / Config::kHeads;
        for (int32_t row = 0; row < params.rows_of_sequence; row += rows_of_tile) {
            load_queries(part, row, min(params.rows_of_sequence - row, rows_of_tile));
            load_keys(part);
        }
    }

    __device__ __forceinline__ void load_queries(const Part& part, int32_t row, int32_t rows) {
        const QueryBlock<Config> to = queries.wait();
        const int32_t first_row = part.sequence * params.rows_of_sequence + row;
        if (lane == 0) to.store(part.first, part.stages(), first_row, params.columns);
        if (lane < Config::kBlockRows) {
            ptx::store_4_words(to.row(lane), part.first, lane < rows ? part.end - part.first : 0, 0, 0);
        }
#pragma unroll
        for (int column = lane; column < Config::kBlockColumns; column += 32) {
            const float* weights = params.weights + (first_row + column / Config::kHeads) * params.weights_row_stride;
            to.store_weight(column, column / Config::kHeads < rows ? weights[column % Config::kHeads] : 0.0f);
        }
        queries.load(first_row * Config::kHeads, params.columns);
    }

    // Each lane reads one of the next 32 entries of the table; blocks past the end, and such as there are none, are zeros.
    __device__ __forceinline__ void load_keys(const Part& part) {
        const int32_t* table = params.block_table + part.sequence * params.block_table_stride;
        const int per_stage = sm90::kMqaBlockKeys / params.block_keys, per_round = 32 / per_stage;
        for (int32_t stage = 0; stage < part.stages(); stage += per_round) {
            const int32_t first = part.first + stage * sm90::kMqaBlockKeys + lane * params.block_keys;
            const int32_t block = first < part.end ? table[first / params.block_keys] : -1;
#pragma unroll 1
            for (int i = 0; i < min(per_round, part.stages() - stage); ++i) {
                load_stage(__shfl_sync(0xFFFFFFFF, block, i * per_stage + lane % per_stage), per_stage);
            }
        }
    }

    // The first lanes load a block each.
    __device__ __forceinline__ void load_stage(int32_t block, int blocks) {
        ptx::mbarrier_wait(pipeline.empty(at.stage), at.parity ^ 1);
        const uint32_t full = pipeline.full(at.stage);
        const int32_t row_bytes = params.format.row_bytes;
        if (lane == 0) ptx::mbarrier_arrive_expect_tx(full, sm90::kMqaBlockKeys * (row_bytes + 4));
        __syncwarp();
        if (lane < blocks) {
            const int first = lane * params.block_keys;
            ptx::tma_load(pipeline.keys(at.stage) + first * row_bytes, &params.k, full, ptx::Point3{0, 0, block});
            ptx::tma_load(pipeline.key_scales(at.stage) + first * 4, &params.k_scales, full, 0, block);
        }
        at.advance();
    }
};

}  // namespace aotgemm::sm100
