// The producer of bf16_gemm: one thread that keeps the operand pipeline full by TMA loads.
#pragma once

#include "ptx/mbarrier.cuh"
#include "sm90/bf16_gemm/config.cuh"
#include "sm90/bf16_gemm/params.hpp"
#include "sm90/pipeline/pipeline.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/schedule/dense_scheduler.cuh"
#include "sm90/pipeline/tile_queue.cuh"

namespace aotgemm::sm90 {

// The range of a tile's sum: a part of K of one group or, for batch_reduced, all of K of several groups, one after the
// other.
struct SumRange {
    int32_t k_start, k_size;
    int32_t first_group, groups;

    // A stage never holds two groups: the TMA fills up a group's last stage with zeros, and steps of zero products
    // change no sum.
    template <int kBlockK>
    __device__ __forceinline__ int32_t stages() const {
        return groups * tiles_of(k_size, kBlockK);
    }
};
template <class Config, class Scheduler>
__device__ __forceinline__ SumRange sum_range(const Bf16GemmParams& params, const Scheduler& scheduler) {
    if constexpr (Config::kGrouping == Grouping::k_grouped) {
        return {scheduler.k_start, scheduler.k_size, scheduler.tile.group, 1};
    } else if constexpr (Config::kGrouping == Grouping::batch_reduced) {
        return {0, params.k, scheduler.first_batch, scheduler.batch_count};
    } else {
        return {0, params.k, scheduler.tile.group, 1};
    }
}

template <class Config>
struct Bf16Producer {
    const Bf16GemmParams& params;
    uint32_t shared;  // start of dynamic shared memory
    uint32_t rank;    // in the cluster
    TileQueue<Config> tiles;
    PipelineState<Config::kStages> at;

    // The leader thread runs this alone or, where the scheduler needs all lanes, with its warp; see Fp8Producer.
    template <class Scheduler>
    __device__ __forceinline__ void run(Scheduler scheduler, bool leader) {
        while (scheduler.advance(rank)) {
            const SumRange range = sum_range<Config>(params, scheduler);
            tiles.push(scheduler.tile, range.template stages<Config::kBlockK>(), leader, padding_of<Config>(scheduler));
            for (int32_t i = 0; i < range.groups; ++i) {
                for (int32_t k = 0; k < range.k_size; k += Config::kBlockK) {
                    fill(scheduler.tile, range.first_group + i, range.k_start + k, leader);
                }
            }
        }
        tiles.close(leader);
    }

   private:
    __device__ __forceinline__ void fill(const Tile& tile, int32_t group, int32_t k, bool leader) {
        ptx::mbarrier_wait(OperandPipeline<Config>{shared}.empty(at.stage), at.parity ^ 1);
        if (leader) load_stage(tile, group, k);
        at.advance();
    }

    __device__ __forceinline__ void load_stage(const Tile& tile, int32_t group, int32_t k) {
        const uint32_t full = OperandPipeline<Config>{shared}.full(at.stage);
        const bool is_half = Config::kLeavesOutHalfOfA && tile.rows <= Config::kBlockM / 2;  // see grouping.hpp
        ptx::mbarrier_arrive_expect_tx(full, Config::kStageBytes - (is_half ? Config::kBytesA / 2 : 0));
        const CUtensorMap* map_of_a = Config::kLeavesOutHalfOfA && is_half ? &params.half_of_a : &params.a;
        const uint32_t to_a = shared + Config::kOffsetA + at.stage * Config::kBytesA;
        const uint32_t to_b = shared + Config::kOffsetB + at.stage * Config::kBytesB;
#pragma unroll
        for (int slice = 0; slice < Config::kSlices; ++slice) {
            const int32_t slice_k = k + slice * kBf16Slice;
            Config::A::template load<Config::kClusterN>(to_a + slice * Config::A::kSliceBytes, map_of_a, full,
                                                        tile.row, slice_k, group, rank, false);
            Config::B::template load<Config::kClusterM>(to_b + slice * Config::B::kSliceBytes, &params.b, full,
                                                        tile.n * Config::kBlockN, slice_k, group, rank,
                                                        params.b_evict_first != 0);
        }
    }
};

}  // namespace aotgemm::sm90
