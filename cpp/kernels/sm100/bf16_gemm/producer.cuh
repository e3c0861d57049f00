// The producer of bf16_gemm: a warp that finds tiles and keeps the operand pipeline full by TMA loads.
#pragma once

#include "ptx/mbarrier.cuh"
#include "sm100/bf16_gemm/config.cuh"
#include "sm100/gemm_params.hpp"
#include "sm100/schedule/sum_range.cuh"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct Bf16Producer {
    const GemmParams& params;
    uint32_t shared;  // start of dynamic shared memory
    uint32_t rank;    // in the pair
    sm90::TileQueue<Config> tiles;
    sm90::PipelineState<Config::kStages> at{};

    // All lanes of the warp call this; the leader, one of them, loads.
    template <class Scheduler>
    __device__ __forceinline__ void run(Scheduler scheduler, bool leader) {
        while (scheduler.advance(rank)) {
            const SumRange range = sum_range<Config::kGrouping>(params, scheduler);
            tiles.push(scheduler.tile, multiplied(range), leader, sm90::padding_of<Config>(scheduler));
            for (int32_t i = 0; i < range.groups; ++i) {
#pragma unroll 1
                for (int32_t k = 0; k < range.k_size; k += Config::kBlockK) {
                    wait_until_empty();
                    if (leader) load_stage(scheduler.tile, range.first_group + i, range.k_start + k);
                    at.advance();
                }
            }
        }
        tiles.close(leader);
        drain();
    }

   private:
    // What the queue passes on of a sum: its stages or, of a group of K, which need not fill its last stage, its steps.
    __device__ __forceinline__ static int32_t multiplied(const SumRange& range) {
        if constexpr (Config::kGrouping == Grouping::k_grouped) return sm90::tiles_of(range.k_size, kBf16Step);
        return range.template stages<Config::kBlockK>();
    }

    __device__ __forceinline__ void wait_until_empty() const {
        ptx::mbarrier_wait(OperandPipeline<Config>{shared}.empty(at.stage), at.parity ^ 1);
    }

    // Waits until every stage is free: the block's shared memory must outlive the arrivals that free them.
    __device__ __forceinline__ void drain() {
#pragma unroll 1
        for (int stage = 0; stage < Config::kStages; ++stage) {
            wait_until_empty();
            at.advance();
        }
    }

    __device__ __forceinline__ void load_stage(const sm90::Tile& tile, int32_t group, int32_t k) {
        using A = typename Config::A;
        using B = typename Config::B;
        // In a pair each block loads its part of the operand that both share.
        const int32_t part = static_cast<int32_t>(rank);
        const int32_t row_a = tile.row + (Config::kClusterN > 1 ? part * (Config::kBlockM / Config::kClusterN) : 0);
        const int32_t row_b =
            tile.n * Config::kBlockN + (Config::kClusterM > 1 ? part * (Config::kBlockN / Config::kClusterM) : 0);
        const uint32_t full = OperandPipeline<Config>{shared}.full(at.stage);
        const uint32_t to_a = shared + Config::kOffsetA + at.stage * Config::kBytesA;
        const uint32_t to_b = shared + Config::kOffsetB + at.stage * Config::kBytesB;
        OperandPipeline<Config>{shared}.announce(at.stage, params.operand_bytes, rank);
#pragma unroll
        for (int slice = 0; slice < Config::kSlices; ++slice) {
            const int32_t slice_k = k + slice * (kSliceBytes / kBf16Bytes);
            A::load(to_a + slice * A::kTileBytes, &params.a, full, row_a, slice_k, group, false);
            B::load(to_b + slice * B::kTileBytes, &params.b, full, row_b, slice_k, group, params.b_evict_first != 0);
        }
    }
};

}  // namespace aotgemm::sm100
