// The producer warp's side of blocks of rows: it hands over q, its scales, weights and key ranges, and the end.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm100/mqa_logits/pipeline.cuh"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct QueryLoader {
    const typename Config::Params& params;
    MqaPipeline<Config> pipeline;
    int lane;
    sm90::PipelineState<Config::kQueryStages> at{};

    // The next block, once it is free.
    __device__ __forceinline__ QueryBlock<Config> wait() const {
        ptx::mbarrier_wait(pipeline.query_empty(at.stage), at.parity ^ 1);
        return {pipeline.shared, at.stage};
    }

    // All lanes have stored what the block says; `columns` of q and its scales from `first` on are loaded.
    __device__ __forceinline__ void load(int32_t first, int32_t columns) {
        __syncwarp();
        if (lane == 0) {
            const uint32_t full = pipeline.query_full(at.stage);
            ptx::mbarrier_arrive_expect_tx(full, columns * (params.format.row_bytes + (Config::kFp4 ? 4 : 0)));
            ptx::tma_load(pipeline.queries(at.stage), &params.q, full, 0, first);
            if constexpr (Config::kFp4) {
                ptx::tma_load(pipeline.query_scales(at.stage), &params.q_scales, full, first, 0);
            }
        }
        at.advance();
    }

    // There are no more blocks. The thread block outlives the last arrivals at its barriers.
    __device__ __forceinline__ void close() {
        const QueryBlock<Config> last = wait();
        if (lane == 0) {
            last.store(0, 0, 0, 0);
            ptx::mbarrier_arrive(pipeline.query_full(at.stage));
        }
        for (int stage = 1; stage < Config::kQueryStages; ++stage) {
            at.advance();
            wait();
        }
    }
};

// The producer warp waits until no stage of keys is read any more.
template <class Config, class State>
__device__ __forceinline__ void drain_keys(const MqaPipeline<Config>& pipeline, State at) {
#pragma unroll 1
    for (int stage = 0; stage < Config::kStages; ++stage, at.advance()) {
        ptx::mbarrier_wait(pipeline.empty(at.stage), at.parity ^ 1);
    }
}

}  // namespace aotgemm::sm100
