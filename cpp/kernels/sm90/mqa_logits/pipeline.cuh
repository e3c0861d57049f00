// The two pipelines from the producer warp to the consumers: stages of keys, and blocks of rows of q.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct MqaPipeline {
    uint32_t shared;  // start of dynamic shared memory

    __device__ __forceinline__ uint32_t full(uint32_t stage) const {
        return shared + Config::kOffsetBarriers + stage * 16;
    }
    __device__ __forceinline__ uint32_t empty(uint32_t stage) const { return full(stage) + 8; }
    __device__ __forceinline__ uint32_t query_full(uint32_t stage) const {
        return shared + Config::kOffsetQueryBarriers + stage * 16;
    }
    __device__ __forceinline__ uint32_t query_empty(uint32_t stage) const { return query_full(stage) + 8; }

    __device__ __forceinline__ uint32_t keys(uint32_t stage) const {
        return shared + Config::kOffsetKeys + stage * Config::kKeyBytes;
    }
    __device__ __forceinline__ uint32_t scales(uint32_t stage) const {
        return shared + Config::kOffsetScales + stage * Config::kScaleBytes;
    }
    __device__ __forceinline__ uint32_t queries(uint32_t stage) const {
        return shared + Config::kOffsetQueries + stage * Config::kQueryBytes;
    }

    // One thread initialises the barriers, before any use and before mbarrier_init_fence.
    __device__ __forceinline__ void init() const {
        for (int stage = 0; stage < Config::kStages; ++stage) {
            ptx::mbarrier_init(full(stage), 1);
            ptx::mbarrier_init(empty(stage), Config::kArrivals);
        }
        for (int stage = 0; stage < Config::kQueryStages; ++stage) {
            ptx::mbarrier_init(query_full(stage), 1);
            ptx::mbarrier_init(query_empty(stage), Config::kArrivals);
        }
    }
};

// What a consumer must know of a block of rows beside q: {first key, products of 64 keys, first row},
// half of the weights of all heads, and for each row {first key, number of keys, shift of columns}.
template <class Config>
struct QueryBlock {
    uint32_t at;

    __device__ __forceinline__ QueryBlock(uint32_t shared, uint32_t stage)
        : at(shared + Config::kOffsetQueryBlocks + stage * Config::kQueryBlockBytes) {}
    __device__ __forceinline__ uint32_t weights() const { return at + 16; }
    // Half of it, see head_sum.cuh.
    __device__ __forceinline__ void store_weight(int column, float weight) const {
        ptx::store_word(weights() + column * 4, __float_as_int(weight * 0.5f));
    }
    __device__ __forceinline__ uint32_t row(int row) const {
        return at + 16 + Config::kWeightBytes + row * Config::kRowBytes;
    }
};

// A thread of the block: its warpgroup, its warp in that, its lane in the warp.
struct MqaThread {
    int group, warp, lane;
};

__device__ __forceinline__ MqaThread mqa_thread() {
    const int group = __shfl_sync(0xFFFFFFFF, threadIdx.x / 128, 0);
    const int warp = __shfl_sync(0xFFFFFFFF, threadIdx.x / 32 % 4, 0), lane = threadIdx.x % 32;
    return {group, warp, lane};
}

// Two threads prepare the barriers and the tensor maps; the block must meet before any other thread uses them.
template <class Config, class Params>
__device__ __forceinline__ void start_mqa(const MqaPipeline<Config>& pipeline, const Params& params) {
    if (threadIdx.x == 0) {
        pipeline.init();
        ptx::mbarrier_init_fence();
    }
    if (threadIdx.x == 32) {
        ptx::prefetch_tensor_map(&params.q);
        ptx::prefetch_tensor_map(&params.k);
        ptx::prefetch_tensor_map(&params.k_scales);
    }
}

// The producer warp hands over a block of no products: the consumers' work is done.
template <class Config, class State>
__device__ __forceinline__ void close_queries(const MqaPipeline<Config>& pipeline, const State& at, int lane) {
    ptx::mbarrier_wait(pipeline.query_empty(at.stage), at.parity ^ 1);
    if (lane != 0) return;
    ptx::store_4_words(QueryBlock<Config>{pipeline.shared, at.stage}.at, 0, 0, 0, 0);
    ptx::mbarrier_arrive(pipeline.query_full(at.stage));
}

}  // namespace aotgemm::sm90
