// The producer of fp8_fp4_gemm_1d1d: one thread that keeps the operand pipeline full by TMA loads.
#pragma once

#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/fp8_fp4_gemm_1d1d/config.cuh"
#include "sm90/pipeline/pipeline.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/pipeline/tile_queue.cuh"
#include "sm90/schedule/dense_scheduler.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct Fp8Fp4Producer {
    const Fp8Fp4Gemm1d1dParams& params;
    uint32_t shared;  // start of dynamic shared memory
    TileQueue<Config> tiles;
    PipelineState<Config::kStages> at;

    // The leader thread runs this alone or, where the scheduler needs all lanes, with its warp; see Fp8Producer.
    template <class Scheduler>
    __device__ __forceinline__ void run(Scheduler scheduler, bool leader) {
        while (scheduler.advance(0)) {
            tiles.push(scheduler.tile, params.k_blocks, leader, padding_of<Config>(scheduler));
            for (int32_t k_block = 0; k_block < params.k_blocks; k_block += Config::kSlices) {
                ptx::mbarrier_wait(OperandPipeline<Config>{shared}.empty(at.stage), at.parity ^ 1);
                if (leader) load_stage(scheduler.tile, k_block);
                at.advance();
            }
        }
        tiles.close(leader);
    }

   private:
    // A box at (x, y), of a group where the operand has groups.
    template <bool kGroups>
    __device__ __forceinline__ static void load(uint32_t to, const CUtensorMap* map, uint32_t full, ptx::Point3 at,
                                                bool evict_first = false) {
        if constexpr (kGroups) {
            evict_first ? ptx::tma_load(to, map, full, at, ptx::evict_first_policy()) : ptx::tma_load(to, map, full, at);
        } else {
            evict_first ? ptx::tma_load(to, map, full, at.x, at.y, ptx::evict_first_policy())
                        : ptx::tma_load(to, map, full, at.x, at.y);
        }
    }

    // The TMA fills in zeros past K.
    __device__ __forceinline__ void load_stage(const Tile& tile, int32_t k_block) const {
        const uint32_t full = OperandPipeline<Config>{shared}.full(at.stage);
        ptx::mbarrier_arrive_expect_tx(full, Config::kStageBytes);
        const int32_t column = tile.n * Config::kBlockN;
        const bool evict_first = params.b_evict_first != 0;
#pragma unroll
        for (int slice = 0; slice < Config::kSlices; ++slice) {
            const uint32_t to_b = shared + Config::kOffsetB + at.stage * Config::kBytesB + slice * Config::kSliceB;
            const uint32_t to_a = shared + Config::kOffsetA + at.stage * Config::kBytesA + slice * Config::kSliceA;
            load<Config::kGroupsOfB>(to_b, &params.b, full, {(k_block + slice) * kFp4BoxWords, column, tile.group},
                                     evict_first);
            load<Config::kGroupsOfA>(to_a, &params.a, full, {(k_block + slice) * kFp4BlockK, tile.row, tile.group});
        }
        load<Config::kGroupsOfB>(shared + Config::kOffsetScalesB + at.stage * Config::kBytesScalesB, &params.sfb, full,
                                 {column, k_block, tile.group});
        const int32_t before = Config::kGrouping == Grouping::psum ? tile.row % kRowsOfBoxStart : 0;
        load<Config::kGroupsOfA>(shared + Config::kOffsetScalesA + at.stage * Config::kPitchScalesA, &params.sfa, full,
                                 {tile.row - before, k_block, tile.group});
    }
};

}  // namespace aotgemm::sm90
