// The pipelines between the warps: stages of keys, blocks of rows of q, accumulators in tensor memory.
//
// Barriers of a stage, and of a block of rows: `full`: it is loaded; `empty`: nobody reads it any more; `scaled` (FP4): its
// scales are arranged too. A tile is summed when one of four barriers says so, which follow one another; an accumulator is
// `empty` when it has been read.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm100/mqa_logits/config.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct MqaPipeline {
    uint32_t shared;  // start of dynamic shared memory

    __device__ __forceinline__ uint32_t full(uint32_t stage) const {
        return shared + Config::kOffsetBarriers + stage * Config::kBarrierBytes;
    }
    __device__ __forceinline__ uint32_t empty(uint32_t stage) const { return full(stage) + 8; }
    __device__ __forceinline__ uint32_t scaled(uint32_t stage) const { return full(stage) + 16; }
    __device__ __forceinline__ uint32_t query_full(uint32_t stage) const {
        return shared + Config::kOffsetQueryBarriers + stage * Config::kBarrierBytes;
    }
    __device__ __forceinline__ uint32_t query_empty(uint32_t stage) const { return query_full(stage) + 8; }
    __device__ __forceinline__ uint32_t query_scaled(uint32_t stage) const { return query_full(stage) + 16; }
    __device__ __forceinline__ uint32_t summed(uint32_t barrier) const {
        return shared + Config::kOffsetAccumulators + barrier * 8;
    }
    __device__ __forceinline__ uint32_t sums_empty(uint32_t accumulator) const {
        return summed(kMqaTileBarriers + accumulator);
    }

    __device__ __forceinline__ uint32_t keys(uint32_t stage) const {
        return shared + Config::kOffsetKeys + stage * Config::kKeyPitch;
    }
    __device__ __forceinline__ uint32_t key_scales(uint32_t stage) const {
        return shared + Config::kOffsetKeyScales + stage * Config::kKeyScaleBytes;
    }
    __device__ __forceinline__ uint32_t queries(uint32_t stage) const {
        return shared + Config::kOffsetQueries + stage * Config::kQueryPitch;
    }
    __device__ __forceinline__ uint32_t query_scales(uint32_t stage) const {
        return shared + Config::kOffsetQueryScales + stage * Config::kQueryScaleBytes;
    }

    // One thread initialises the barriers, before any use and before mbarrier_init_fence. At `empty` arrive the commit of
    // the matrix instructions and a lane of each warp that reads.
    __device__ __forceinline__ void init() const {
        for (int stage = 0; stage < Config::kStages; ++stage) {
            ptx::mbarrier_init(full(stage), 1);
            ptx::mbarrier_init(empty(stage), 1 + Config::kScaleReaders);
            ptx::mbarrier_init(scaled(stage), 1);
        }
        for (int stage = 0; stage < Config::kQueryStages; ++stage) {
            ptx::mbarrier_init(query_full(stage), 1);
            ptx::mbarrier_init(query_empty(stage), 1 + kMqaEpilogueWarps);
            ptx::mbarrier_init(query_scaled(stage), 1);
        }
        for (int barrier = 0; barrier < kMqaTileBarriers; ++barrier) ptx::mbarrier_init(summed(barrier), 1);
        for (int accumulator = 0; accumulator < kMqaAccumulators; ++accumulator) {
            ptx::mbarrier_init(sums_empty(accumulator), kMqaEpilogueWarps / 2);
        }
    }
};

// What others must know of a block of rows beside q: {first key, stages of keys, first row, columns of a tile}, the
// weights of all heads, and for each row {first key, number of keys, shift of columns}. A block of no stages is the last.
template <class Config>
struct QueryBlock {
    uint32_t at;

    __device__ __forceinline__ QueryBlock(uint32_t shared, uint32_t stage)
        : at(shared + Config::kOffsetQueryBlocks + stage * Config::kQueryBlockBytes) {}

    __device__ __forceinline__ void store(int32_t first_key, int32_t stages, int32_t first_row, int32_t columns) const {
        ptx::store_4_words(at, first_key, stages, first_row, columns);
    }
    __device__ __forceinline__ int32_t first_key() const { return ptx::load_word(at); }
    // Uniform, which the compiler takes a shuffle's result for.
    __device__ __forceinline__ int32_t stages() const { return __shfl_sync(0xFFFFFFFF, ptx::load_word(at + 4), 0); }
    __device__ __forceinline__ int32_t first_row() const { return ptx::load_word(at + 8); }
    __device__ __forceinline__ int32_t columns() const { return __shfl_sync(0xFFFFFFFF, ptx::load_word(at + 12), 0); }

    __device__ __forceinline__ uint32_t weight(int column) const { return at + 16 + column * 4; }
    __device__ __forceinline__ void store_weight(int column, float value) const {
        ptx::store_word(weight(column), __float_as_int(value));
    }
    __device__ __forceinline__ uint32_t row(int row) const {
        return at + 16 + Config::kWeightBytes + row * Config::kRowBytes;
    }
};

}  // namespace aotgemm::sm100
