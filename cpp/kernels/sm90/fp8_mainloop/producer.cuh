// The producer of the FP8 families: one thread that keeps the operand pipeline full by TMA loads. It loads B's scales
// where each row of B has its own; otherwise the consumers load them (block_scales_b.cuh).
#pragma once

#include "common/grouping.hpp"
#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/pipeline/pipeline.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/schedule/dense_scheduler.cuh"
#include "sm90/pipeline/tile_queue.cuh"

namespace aotgemm::sm90 {

// For families without C.
struct NoCLoader {
    __device__ __forceinline__ void after_stage(const Tile&, uint32_t, int32_t) const {}
    __device__ __forceinline__ void finish(const Tile&, uint32_t) const {}
};

// fp8_gemm_1d1d has no such groupings.
template <class Config>
inline constexpr bool kLeavesOutHalfOfA = [] {
    if constexpr (kHasOtherRows<Config::kGrouping>) return Config::kLeavesOutHalfOfA;
    return false;
}();

template <class Config>
struct Fp8Producer {
    static constexpr bool kGroupsOfA = kHasGroupDimension<Config::kGrouping>;
    static constexpr bool kGroupsOfB = Config::kGrouping != Grouping::dense;

    const typename Config::Params& params;
    uint32_t shared;  // start of dynamic shared memory
    uint32_t rank;    // in the cluster
    TileQueue<Config> tiles;
    PipelineState<Config::kStages> at;

    // The leader thread runs this alone or, where the scheduler needs all lanes, with its warp. `c_loader`: see
    // CLoader.
    //
    // A warp runs the loops together and the leader alone fills stages: in loops of the leader alone the compiler finds
    // nothing uniform, the leader fills late, and 128x192 tiles took 3% more cycles (H100 80GB HBM3, 2026-11-27, 4
    // groups of 8,192 rows, N = 4,096, K = 7,168).
    template <class Scheduler, class Loader>
    __device__ __forceinline__ void run(Scheduler scheduler, bool leader, Loader c_loader) {
        while (scheduler.advance(rank)) {
            tiles.push(scheduler.tile, params.k_blocks, leader, padding_of<Config>(scheduler));
            const uint32_t number = tiles.count - 1;
            for (int32_t k_block = 0; k_block < params.k_blocks; k_block += Config::kSlices) {
                fill(scheduler.tile, k_block, leader);
                c_loader.after_stage(scheduler.tile, number, k_block / Config::kSlices);
            }
            c_loader.finish(scheduler.tile, number);
        }
        tiles.close(leader);
    }

   private:
    struct Source {
        int32_t k_block, row, group;
    };

    __device__ __forceinline__ void fill(const Tile& tile, int32_t k_block, bool leader) {
        ptx::mbarrier_wait(OperandPipeline<Config>{shared}.empty(at.stage), at.parity ^ 1);
        if (leader) load_stage(tile, k_block);
        at.advance();
    }

    // Whether the second warpgroup has no rows in a tile.
    __device__ __forceinline__ static bool has_half_of_a(const Tile& tile) {
        return kLeavesOutHalfOfA<Config> && tile.rows <= Config::kBlockM / 2;
    }
    __device__ __forceinline__ const CUtensorMap* map_of_a(bool is_half) const {
        if constexpr (kLeavesOutHalfOfA<Config>) return is_half ? &params.half_of_a : &params.a;
        return &params.a;
    }

    __device__ __forceinline__ void load_stage(const Tile& tile, int32_t k_block) {
        const uint32_t full = OperandPipeline<Config>{shared}.full(at.stage);
        const bool is_half = has_half_of_a(tile);
        ptx::mbarrier_arrive_expect_tx(full, Config::kStageBytes - (is_half ? Config::kBytesA / 2 : 0));
        const int32_t column = tile.n * Config::kBlockN;
        const uint32_t shared_a = shared + Config::kOffsetA + at.stage * Config::kBytesA;
        const uint32_t shared_b = shared + Config::kOffsetB + at.stage * Config::kBytesB;
        load<kGroupsOfA, Config::kBlockM, Config::kClusterN>(shared_a, map_of_a(is_half), full,
                                                             {k_block, tile.row, tile.group}, false);
        load<kGroupsOfB, Config::kBlockN, Config::kClusterM>(shared_b, &params.b, full, {k_block, column, tile.group},
                                                             params.b_evict_first != 0);
        const uint32_t scales = shared + Config::kOffsetScalesA + at.stage * Config::kPitchScalesA;
        if constexpr (kGroupsOfA) {
            ptx::tma_load(scales, &params.sfa, full, {tile.row, k_block, tile.group});
        } else {
            const int32_t before = Config::kGrouping == Grouping::psum ? tile.row % kRowsOfBoxStart : 0;
            ptx::tma_load(scales, &params.sfa, full, tile.row - before, k_block);
        }
        if constexpr (Config::kScalesOfColumns) {
            ptx::tma_load(shared + Config::kOffsetScalesB + at.stage * Config::kPitchScalesB, &params.sfb, full, column,
                          k_block);
        }
    }

    // Loads a tile of kTileRows x kBlockK, a slice of 128 columns at a time; the TMA fills in zeros past K. Where
    // kShare blocks of the cluster need the same tile, each block loads its part for all of them (multicast).
    template <bool kGroups, int kTileRows, int kShare>
    __device__ __forceinline__ void load(uint32_t to, const CUtensorMap* map, uint32_t full, Source from,
                                         bool evict_first) {
        constexpr int kPart = kTileRows / kShare;
        const int32_t part = kShare > 1 ? static_cast<int32_t>(rank) * kPart : 0;
#pragma unroll
        for (int slice = 0; slice < Config::kSlices; ++slice) {
            const ptx::Point3 at{(from.k_block + slice) * 128, from.row + part, from.group};
            const uint32_t slice_to = to + slice * kTileRows * 128 + part * 128;
            if constexpr (kShare > 1) {
                constexpr uint16_t kEveryone = (1 << kShare) - 1;
                if constexpr (kGroups) {
                    ptx::tma_load_multicast(slice_to, map, full, at, kEveryone);
                } else {
                    ptx::tma_load_multicast(slice_to, map, full, at.x, at.y, kEveryone);
                }
            } else if constexpr (kGroups) {
                evict_first ? ptx::tma_load(slice_to, map, full, at, ptx::evict_first_policy())
                            : ptx::tma_load(slice_to, map, full, at);
            } else {
                evict_first ? ptx::tma_load(slice_to, map, full, at.x, at.y, ptx::evict_first_policy())
                            : ptx::tma_load(slice_to, map, full, at.x, at.y);
            }
        }
    }
};

}  // namespace aotgemm::sm90
