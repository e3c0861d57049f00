// The warp that hands the consumers their rows of q: weights, keys of each row, q. A warp of its own, so that the keys do
// not wait for the weights.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/mqa_logits/pipeline.cuh"
#include "sm90/paged_mqa_logits/walk.cuh"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct PagedQueryProducer {
    const PagedMqaLogitsParams& params;
    MqaPipeline<Config> pipeline;
    int lane;
    PipelineState<Config::kQueryStages> at{};

    __device__ __forceinline__ void run() {
        PagedWalk walk(params, lane);
        Weights weights;
        int32_t read_for = -1;  // the sequence of whose first rows the weights are on their way
        const auto opened = [&](int32_t sequence, int32_t) {
            weights = read_weights(sequence, 0);
            read_for = sequence;
        };
        for (PagedPart part; walk.next(part, opened);) {
            for (int32_t row = 0; row < params.rows_of_sequence; row += Config::kBlockRows) {
                if (part.sequence != read_for) weights = read_weights(part.sequence, row);
                read_for = -1;
                load(part, row, weights);
            }
        }
        close_queries(pipeline, at, lane);
    }

private:
    struct Weights {
        float of[Config::kBlockColumns / 32];
    };

    // Of rows of q from `row` of the sequence on, as many as are multiplied at a time.
    __device__ __forceinline__ Weights read_weights(int32_t sequence, int32_t row) const {
        const int32_t first_row = sequence * params.rows_of_sequence + row;
        const int32_t rows = params.rows_of_sequence - row;
        Weights weights;
#pragma unroll
        for (int i = 0; i < Config::kBlockColumns / 32; ++i) {
            const int column = i * 32 + lane, of_row = column / Config::kHeads;
            const float* from = params.weights + (first_row + of_row) * params.weights_row_stride;
            weights.of[i] = of_row < rows ? from[column % Config::kHeads] : 0.0f;
        }
        return weights;
    }

    __device__ __forceinline__ void load(const PagedPart& part, int32_t row, const Weights& weights) {
        const int32_t first_row = part.sequence * params.rows_of_sequence + row;
        const int32_t rows = min(params.rows_of_sequence - row, Config::kBlockRows);
        ptx::mbarrier_wait(pipeline.query_empty(at.stage), at.parity ^ 1);
        const QueryBlock<Config> to{pipeline.shared, at.stage};
        const int32_t keys = part.end - part.first;
        if (lane == 0) ptx::store_4_words(to.at, part.first, (keys + kMqaBlockKeys - 1) / kMqaBlockKeys, first_row, 0);
        if (lane < Config::kBlockRows) ptx::store_4_words(to.row(lane), part.first, lane < rows ? keys : 0, 0, 0);
#pragma unroll
        for (int i = 0; i < Config::kBlockColumns / 32; ++i) to.store_weight(i * 32 + lane, weights.of[i]);
        __syncwarp();
        if (lane == 0) {
            const uint32_t full = pipeline.query_full(at.stage);
            ptx::mbarrier_arrive_expect_tx(full, Config::kQueryBytes);
            ptx::tma_load(pipeline.queries(at.stage), &params.q, full, 0, first_row * Config::kHeads);
        }
        at.advance();
    }
};

}  // namespace aotgemm::sm90
