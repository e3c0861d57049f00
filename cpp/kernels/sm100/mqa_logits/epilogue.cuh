// A warp of the epilogue: products of 32 keys, a lane each, and of the 128 columns of a tile become logits.
//
// While the warp sums 32 columns, the next 32 are on their way from tensor memory.
#pragma once

#include <cstdint>

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/tcgen05.cuh"
#include "sm100/epilogue/tensor_load.cuh"
#include "sm100/mqa_logits/head_sum.cuh"
#include "sm100/mqa_logits/pipeline.cuh"
#include "sm90/mqa_logits/store.cuh"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct MqaEpilogue {
    static constexpr int kPart = 32, kParts = kMqaTileColumns / kPart;  // columns of a load
    // Of the warpgroup's first tile to the next one, in tiles and in stages of keys.
    static constexpr int kTileStep = 2, kStageStep = kTileStep / Config::kTiles;

    const typename Config::Params& params;
    MqaPipeline<Config> pipeline;
    uint32_t tensor_memory;
    int group;       // number of the warpgroup
    int warp, lane;  // in the warpgroup, in the warp
    sm90::PipelineState<Config::kStages> at{};
    sm90::PipelineState<Config::kQueryStages> query_at{};
    sm90::PipelineState<kMqaAccumulators> sums_at{};
    sm90::PipelineState<kMqaTileBarriers> tile_at{};

    __device__ __forceinline__ void run() {
        int32_t next = group;  // the warpgroup's next tile, counted from the block's first one
        if (group == 1) {
            sums_at.advance();
            tile_at.advance();
            if constexpr (Config::kSplitsKeys) at.advance();
        }
        int32_t stages = next_stages();
        while (stages != 0) {
            const Block block(QueryBlock<Config>{pipeline.shared, query_at.stage}, first_row());
            const int32_t tiles = stages * Config::kTiles;
            for (; next < tiles; next += kTileStep) {
                finish_tile(block, next / Config::kTiles * sm90::kMqaBlockKeys + warp * 32 + lane);
            }
            next -= tiles;
            __syncwarp();
            if (lane == 0) ptx::mbarrier_arrive(pipeline.query_empty(query_at.stage));
            query_at.advance();
            stages = next_stages();
        }
    }

   private:
    // What the tiles of a block have in common: the weights of this warpgroup's columns.
    struct Block {
        QueryBlock<Config> queries;
        int32_t first_key, first_row;
        float2 weights[kMqaTileColumns / 2];

        __device__ __forceinline__ Block(const QueryBlock<Config>& of, int row)
            : queries(of), first_key(of.first_key()), first_row(of.first_row()) {
            static_for<kMqaTileColumns / 4>([&](auto i) {
                const uint4 four = ptx::load_16_bytes(queries.weight(row * Config::kHeads + i * 4));
                weights[2 * i] = {__uint_as_float(four.x), __uint_as_float(four.y)};
                weights[2 * i + 1] = {__uint_as_float(four.z), __uint_as_float(four.w)};
            });
        }
    };

    struct Tile {
        uint32_t sums;  // address in tensor memory
        int32_t key;    // of this lane
        float scale;    // of that key, in FP8
    };

    __device__ __forceinline__ int32_t next_stages() const {
        ptx::mbarrier_wait(pipeline.query_full(query_at.stage), query_at.parity);
        return QueryBlock<Config>{pipeline.shared, query_at.stage}.stages();
    }

    // Of this warpgroup, in the block.
    __device__ __forceinline__ int first_row() const { return Config::kSplitsKeys ? 0 : group * Config::kTileRows; }

    __device__ __forceinline__ void finish_tile(const Block& block, int32_t key_of_block) {
        Tile tile{tensor_memory + (static_cast<uint32_t>(warp * 32) << 16) + sums_at.stage * kMqaTileColumns,
                  block.first_key + key_of_block, 1.0f};
        if constexpr (!Config::kFp4) tile.scale = take_scale();
        ptx::mbarrier_wait(pipeline.summed(tile_at.stage), tile_at.parity);
        ptx::tcgen05_fence_after_thread_sync();
        uint32_t columns[2][kPart];
        load_columns<typename LaneLoad<kPart>::Type>(columns[0], tile.sums);
        HeadSum sum;
        const int parts = Config::kSplitsKeys ? block.queries.columns() / kPart : kParts;
        finish_parts<0>(block, tile, columns, sum, parts);
        static_for<kTileStep>([&](auto) {
            sums_at.advance();
            tile_at.advance();
        });
    }

    // Reads the scale of the lane's key, after which the warp needs the stage no more.
    __device__ __forceinline__ float take_scale() {
        ptx::mbarrier_wait(pipeline.full(at.stage), at.parity);
        const int32_t word = ptx::load_word(pipeline.key_scales(at.stage) + (warp * 32 + lane) * 4);
        __syncwarp();
        if (lane == 0) ptx::mbarrier_arrive(pipeline.empty(at.stage));
        static_for<kStageStep>([&](auto) { at.advance(); });
        return __int_as_float(word);
    }

    // Parts from kIndex on, the first of which is being loaded. Nested, so that no register of a load under way is copied.
    template <int kIndex>
    __device__ __forceinline__ void finish_parts(const Block& block, const Tile& tile,
                                                 uint32_t (&columns)[2][kPart], HeadSum& sum, int parts) {
        wait_for_loads(columns[kIndex % 2]);
        if constexpr (kIndex + 1 < kParts) {
            if (kIndex + 1 < parts) {
                load_columns<typename LaneLoad<kPart>::Type>(columns[(kIndex + 1) % 2], tile.sums + (kIndex + 1) * kPart);
                sum_part<kIndex>(block, tile, columns[kIndex % 2], sum);
                finish_parts<kIndex + 1>(block, tile, columns, sum, parts);
                return;
            }
        }
        release_sums();
        sum_part<kIndex>(block, tile, columns[kIndex % 2], sum);
    }

    __device__ __forceinline__ void release_sums() const {
        ptx::tcgen05_fence_before_thread_sync();
        __syncwarp();
        if (lane == 0) ptx::mbarrier_arrive(pipeline.sums_empty(sums_at.stage));
    }

    template <int kIndex>
    __device__ __forceinline__ void sum_part(const Block& block, const Tile& tile, const uint32_t (&columns)[kPart],
                                             HeadSum& sum) const {
        static_for<kPart / 4>([&](auto i) {
            constexpr int kColumn = kIndex * kPart + i * 4, kWeight = kColumn / 2;
            if constexpr (kColumn % Config::kHeads == 0) sum = HeadSum{};
            sum.add({columns[i * 4], columns[i * 4 + 1], columns[i * 4 + 2], columns[i * 4 + 3]},
                    {block.weights[kWeight], block.weights[kWeight + 1]});
            if constexpr ((kColumn + 4) % Config::kHeads == 0) {
                store(block, tile, kColumn / Config::kHeads, __fmul_rn(sum.result(), tile.scale));
            }
        });
    }

    // The logit of the lane's key and a row of the tile, if the row has that key.
    __device__ __forceinline__ void store(const Block& block, const Tile& tile, int row, float logit) const {
        const uint4 keys = ptx::load_16_bytes(block.queries.row(first_row() + row));
        const bool is_wanted = static_cast<uint32_t>(tile.key - static_cast<int32_t>(keys.x)) < keys.y;
        const int64_t in_call = block.first_row + first_row() + row;
        const int64_t to = in_call * params.logits_row_stride + tile.key - static_cast<int32_t>(keys.z);
        if (params.format.is_bf16 != 0) {
            sm90::store_logit_if(is_wanted, static_cast<uint16_t*>(params.logits) + to, logit);
        } else {
            sm90::store_logit_if(is_wanted, static_cast<float*>(params.logits) + to, logit);
        }
    }
};

}  // namespace aotgemm::sm100
