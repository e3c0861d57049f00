// A consumer warpgroup: it multiplies its rows of q with all keys of a block, 64 keys at a time, and sums over heads.
//
// Two products are under way in turn: while the tensor cores compute one, the warpgroup sums the other.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"
#include "ptx/arrive_after.cuh"
#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/wgmma.cuh"
#include "sm90/mqa_logits/head_sum.cuh"
#include "sm90/mqa_logits/operand.cuh"
#include "sm90/mqa_logits/pipeline.cuh"
#include "sm90/mqa_logits/store.cuh"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm90 {

// Config::kSplitsKeys: the warpgroups share the rows of q and have 64 keys of each stage; otherwise they share the keys and
// have rows of q of their own, so that each stage makes two products.
template <class Config>
struct MqaConsumer {
    using Sum = HeadSum<Config::kGroupRows, Config::kHeads>;
    static constexpr int kColumns = Config::kColumns, kSums = kColumns / 2;
    static constexpr bool kSumsLater = Sum::kValues <= 8;  // as many registers can wait for the next product
    static constexpr int kKeyStep = Config::kSplitsKeys ? kMqaBlockKeys : 64;  // from a product to the next

    const typename Config::Params& params;
    MqaPipeline<Config> pipeline;
    int group;       // number of this warpgroup
    int warp, lane;  // in the warpgroup, in the warp
    PipelineState<Config::kStages> issue_at{}, retire_at{};
    PipelineState<Config::kQueryStages> query_at{};

    __device__ __forceinline__ void run() {
        int32_t products = next_products();
        while (products != 0) {
            multiply(QueryBlock<Config>{pipeline.shared, query_at.stage}, products);
            ptx::mbarrier_arrive(pipeline.query_empty(query_at.stage));
            query_at.advance();
            products = next_products();
        }
    }

   private:
    using Weights = HeadWeights<Config::kGroupRows, Config::kHeads>;

    struct Scales {
        float first, second;  // of the thread's two keys
    };

    // What the products of a block of rows have in common, and the lane's first key of the next one to be summed.
    struct Block {
        Weights weights;
        LogitRows<Config, Sum> rows;
        uint64_t heads;
        int32_t key;
        Scales scales[2];            // of the products under way
        int32_t summed = INT32_MIN;  // first key of the product whose parts are here; first, one that no row has
        float parts[Sum::kValues] = {};
    };

    // Waits for the next block of rows: its products of 64 keys, or 0 if there is none.
    __device__ __forceinline__ int32_t next_products() const {
        ptx::mbarrier_wait(pipeline.query_full(query_at.stage), query_at.parity);
        // The compiler treats a shuffle's result as uniform.
        return __shfl_sync(0xFFFFFFFF, ptx::load_word(QueryBlock<Config>{pipeline.shared, query_at.stage}.at + 4), 0);
    }

    // No branch is between an issue and its wait, and the last round has a form of its own for each number of products:
    // otherwise ptxas serialises the instructions (C7514).
    __device__ __forceinline__ void multiply(const QueryBlock<Config>& queries, int32_t products) {
        Block block{{}, {params, queries, first_row(), lane}, heads_of(), first_key(queries)};
        load_weights(block.weights, queries);
        issue<0>(block);
        int32_t left = products - 1;
#pragma unroll 1
        for (; left >= 2; left -= 2) {
            issue<1>(block);
            retire<0, 1>(block);
            issue<0>(block);
            retire<1, 1>(block);
        }
        if (left == 0) {
            retire<0, 0>(block);
            if constexpr (!Config::kSplitsKeys) {  // the stage's other half has no keys
                issue_at.advance();
                release_stage(block.scales[0]);
            }
        } else {
            issue<1>(block);
            retire<0, 1>(block);
            retire<1, 0>(block);
        }
        if constexpr (kSumsLater) finish(block);
    }

    // Issues the next product into partial sums of its own.
    template <int kSlot>
    __device__ __forceinline__ void issue(Block& block) {
        if constexpr (Config::kSplitsKeys || kSlot == 0) {
            ptx::mbarrier_wait(pipeline.full(issue_at.stage), issue_at.parity);
        }
        const int first = Config::kSplitsKeys ? group * 64 : kSlot * 64;
        block.scales[kSlot] = load_scales(first);
        const uint64_t keys =
            head_descriptor<Config::kHeadDim>(pipeline.keys(issue_at.stage) + first * Config::kHeadDim);
        multiply_heads<Config::kHeadDim, kColumns, kSlot * kSums>(keys, block.heads);
        if constexpr (Config::kSplitsKeys || kSlot == 1) issue_at.advance();
    }

    // Waits for the product of this slot, while kPending later ones go on, then sums and stores it.
    template <int kSlot, int kPending>
    __device__ __forceinline__ void retire(Block& block) {
        const Scales scales = block.scales[kSlot];
        ptx::wgmma_wait<kPending>();
        if constexpr (Config::kSplitsKeys || kSlot == 1) release_stage(scales);
        if constexpr (kSumsLater) finish(block);
        Sum::template sum_own<kSlot * kSums>(block.parts, block.weights, scales.first, scales.second);
        block.summed = block.key;
        block.key += kKeyStep;
        if constexpr (!kSumsLater) finish(block);
    }

    // Adds up the lanes' parts of the product before, and stores. Its shuffles wait for one another while the tensor cores
    // begin the next product; at its own end there is nothing else to issue, with two warps to a scheduler.
    __device__ __forceinline__ void finish(const Block& block) const {
        float values[Sum::kLaneRows * Sum::kLaneKeys];
        Sum::sum_lanes(values, block.parts, lane);
        block.rows.store(values, block.summed);
    }

    // scales: the last that were loaded from the stage.
    __device__ __forceinline__ void release_stage(const Scales& scales) {
        const uint32_t word = __float_as_uint(scales.first) | __float_as_uint(scales.second);
        ptx::mbarrier_arrive_after(pipeline.empty(retire_at.stage), word, static_cast<uint32_t>(params.width >> 63));
        retire_at.advance();
    }

    // Of this warpgroup, in the block of rows.
    __device__ __forceinline__ int first_row() const { return Config::kSplitsKeys ? 0 : group * Config::kGroupRows; }

    __device__ __forceinline__ int32_t first_key(const QueryBlock<Config>& queries) const {
        const int in_stage = (Config::kSplitsKeys ? group * 64 : 0) + warp * 16 + lane / 4 + Sum::lane_key(lane);
        return ptx::load_word(queries.at) + in_stage;
    }

    __device__ __forceinline__ uint64_t heads_of() const {
        const uint32_t first = first_row() * Config::kHeads * Config::kHeadDim;
        return head_descriptor<Config::kHeadDim>(pipeline.queries(query_at.stage) + first);
    }

    __device__ __forceinline__ void load_weights(Weights& weights, const QueryBlock<Config>& queries) const {
        const uint32_t own = queries.weights() + (first_row() * Config::kHeads + lane % 4 * 2) * 4;
        static_for<kColumns / 8>(
            [&](auto i) { ptx::load_words(weights.of[2 * i], weights.of[2 * i + 1], own + i * 32); });
    }

    __device__ __forceinline__ Scales load_scales(int first) const {
        const uint32_t own = pipeline.scales(issue_at.stage) + (first + warp * 16 + lane / 4) * 4;
        return {__int_as_float(ptx::load_word(own)), __int_as_float(ptx::load_word(own + 32))};
    }
};

}  // namespace aotgemm::sm90
