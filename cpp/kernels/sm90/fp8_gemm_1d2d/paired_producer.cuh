// The producer of pairs of blocks that share tiles of B or, of a row without a partner, of A: see paired_scheduler.cuh.
// Each block loads one half of what the two share for both, and both halves of what it needs alone.
#pragma once

#include "common/grouping.hpp"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/prefetch.cuh"
#include "sm90/fp8_mainloop/producer.cuh"
#include "sm90/pipeline/pipeline.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/pipeline/tile_queue.cuh"
#include "sm90/schedule/paired_scheduler.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct PairedProducer {
    static constexpr bool kGroupsOfA = kHasGroupDimension<Config::kGrouping>;
    static constexpr bool kLeavesOutHalf =
        leaves_out_half_of_a(Config::kGrouping, Config::kBlockM, Config::kSwapAB, /*cluster*/ 1);

    const typename Config::Params& params;
    uint32_t shared;  // start of dynamic shared memory
    uint32_t rank;    // in the cluster
    TileQueue<Config> tiles;
    PipelineState<Config::kStages> at;

    // The producer warp runs this; the leader fills the stages.
    __device__ __forceinline__ void run(PairedScheduler<Config> scheduler, bool leader, NoCLoader) {
        while (scheduler.advance(rank)) {
            if constexpr (!kHasPaddingTiles<Config>) prefetch_scales_of_b(scheduler.tile);  // else registers spill
            tiles.push(scheduler.tile, params.k_blocks, leader, padding_of<Config>(scheduler));
            for (int32_t k_block = 0; k_block < params.k_blocks; k_block += Config::kSlices) {
                ptx::mbarrier_wait(OperandPipeline<Config>{shared}.empty(at.stage), at.parity ^ 1);
                if (leader) load_stage(scheduler.tile, scheduler.shares_b, k_block);
                at.advance();
            }
        }
        tiles.close(leader);
    }

   private:
    // The consumers load these scales when they take the tile, and wait: see BlockScalesB. Few tiles share them, so they
    // mostly lie in device memory. A line holds 32 K blocks where those are adjacent; half a warp has lines for all.
    __device__ __forceinline__ void prefetch_scales_of_b(const Tile& tile) const {
        const int32_t lane = static_cast<int32_t>(threadIdx.x) % 32, k = lane % 16 * 32;
        const int32_t row = tile.n * Config::kBlockN / 128 + lane / 16;
        if (k < params.k_blocks && row < params.sfb_rows) {
            ptx::prefetch_to_l2(params.sfb + tile.group * params.sfb_group_stride + row * params.sfb_row_stride +
                                k * params.sfb_column_stride);
        }
    }

    __device__ __forceinline__ void load_stage(const Tile& tile, bool shares_b, int32_t k_block) {
        const uint32_t full = OperandPipeline<Config>{shared}.full(at.stage);
        // Where the second warpgroup has no rows it reads none of A, see leaves_out_half_of_a.
        const bool leaves_out = kLeavesOutHalf && tile.rows <= Config::kBlockM / 2;
        ptx::mbarrier_arrive_expect_tx(full, Config::kStageBytes - (leaves_out ? Config::kBytesA / 2 : 0));
        load<kGroupsOfA, Config::kBlockM>(shared + Config::kOffsetA + at.stage * Config::kBytesA, params.a, full,
                                          {k_block * 128, tile.row, tile.group}, !shares_b, leaves_out);
        load<true, Config::kBlockN>(shared + Config::kOffsetB + at.stage * Config::kBytesB, params.b, full,
                                    {k_block * 128, tile.n * Config::kBlockN, tile.group}, shares_b, false);
        const uint32_t scales = shared + Config::kOffsetScalesA + at.stage * Config::kPitchScalesA;
        if constexpr (kGroupsOfA) {
            ptx::tma_load(scales, &params.sfa, full, ptx::Point3{tile.row, k_block, tile.group});
        } else {
            const int32_t before = Config::kGrouping == Grouping::psum ? tile.row % kRowsOfBoxStart : 0;
            ptx::tma_load(scales, &params.sfa, full, tile.row - before, k_block);
        }
    }

    // Loads a tile of kTileRows x 128 in boxes of half of its rows; the TMA fills in zeros past the matrix.
    template <bool kGroups, int kTileRows>
    __device__ __forceinline__ void load(uint32_t to, const CUtensorMap& map, uint32_t full, ptx::Point3 from,
                                         bool is_shared, bool leaves_out_second) {
        static_assert(Config::kSlices == 1);
        constexpr int kHalf = kTileRows / 2;
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            if (half == 1 && leaves_out_second) return;
            const ptx::Point3 box{from.x, from.y + half * kHalf, from.z};
            const uint32_t box_to = to + half * kHalf * 128;
            if (!is_shared) {
                load_box<kGroups>(box_to, map, full, box);
            } else if (static_cast<int>(rank) == half) {
                load_box_for_both<kGroups>(box_to, map, full, box);
            }
        }
    }

    template <bool kGroups>
    __device__ __forceinline__ static void load_box(uint32_t to, const CUtensorMap& map, uint32_t full,
                                                    ptx::Point3 from) {
        if constexpr (kGroups) {
            ptx::tma_load(to, &map, full, from);
        } else {
            ptx::tma_load(to, &map, full, from.x, from.y);
        }
    }

    template <bool kGroups>
    __device__ __forceinline__ static void load_box_for_both(uint32_t to, const CUtensorMap& map, uint32_t full,
                                                             ptx::Point3 from) {
        constexpr uint16_t kBoth = 3;
        if constexpr (kGroups) {
            ptx::tma_load_multicast(to, &map, full, from, kBoth);
        } else {
            ptx::tma_load_multicast(to, &map, full, from.x, from.y, kBoth);
        }
    }
};

}  // namespace aotgemm::sm90
