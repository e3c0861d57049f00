// The producer: one thread that keeps the stages full by TMA loads of A, B and, where a word of them begins, of scales.
#pragma once

#include <cstdint>

#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm100/fp8_fp4_gemm/config.cuh"
#include "sm100/fp8_fp4_gemm/scale_words.cuh"
#include "sm100/fp8_fp4_gemm/stage.cuh"
#include "sm100/pipeline/operand_pipeline.cuh"
#include "sm100/schedule/sum_range.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/pipeline/tile_queue.cuh"
#include "sm90/schedule/grouped_scheduler.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct Producer {
    // Counted at the block's own barrier, in a pair too.
    using A = Operand<Config::kBlockM / Config::kClusterN, Config::A::kMnMajor, Config::kGroupsOfA, 1, false>;
    using B = Operand<Config::kBlockN / Config::kClusterM, Config::B::kMnMajor, Config::kGroupsOfB, 1, false>;

    const Fp8Fp4GemmParams& params;
    uint32_t shared;  // start of dynamic shared memory
    uint32_t rank;    // in the cluster
    sm90::TileQueue<Config> tiles;
    sm90::PipelineState<Config::kStages> at;

    // The warp runs this together, for some schedulers need all lanes; its leader loads. The queue passes on how many
    // instructions add up a tile: where K ends inside a stage, they do not multiply the zeros behind it.
    template <class Scheduler>
    __device__ __forceinline__ void run(Scheduler scheduler, bool leader) {
        ScaleWords<Config::kGrouping> words;
        while (scheduler.advance(rank)) {
            const SumRange range = sum_range<Config::kGrouping>(params, scheduler);
            words.advance_to(params, range.first_group);
            const Sum sum{range.k_start, words.scaled(params, range.k_size), words.of_a(), words.of_b()};
            tiles.push(scheduler.tile, sm90::tiles_of(sum.k_size, kFp8Step), leader, sm90::padding_of<Config>(scheduler));
            for (int32_t stage = 0; stage * kFp8Stage < sum.k_size; ++stage) fill(scheduler.tile, sum, stage, leader);
        }
        tiles.close(leader);
        // The block must outlive the last commits to its barriers.
        for (int stage = 0; stage < Config::kStages; ++stage) {
            ptx::mbarrier_wait(OperandPipeline<Config>{shared}.empty(at.stage), at.parity ^ 1);
            at.advance();
        }
    }

   private:
    // K of a tile, and the first words of its scales.
    struct Sum {
        int32_t k_start, k_size;
        int32_t word_a, word_b;
    };

    __device__ __forceinline__ void fill(const sm90::Tile& tile, const Sum& sum, int32_t stage_of_sum, bool leader) {
        ptx::mbarrier_wait(OperandPipeline<Config>{shared}.empty(at.stage), at.parity ^ 1);
        if (leader) load_stage(tile, sum, stage_of_sum);
        at.advance();
    }

    __device__ __forceinline__ void load_stage(const sm90::Tile& tile, const Sum& sum, int32_t stage_of_sum) const {
        const Fp8Stage<Config> stage{shared, at.stage};
        const uint32_t full = OperandPipeline<Config>{shared}.full(at.stage);
        const bool of_a = brings_scales(stage_of_sum, params.stages_of_word_a);
        const bool of_b = brings_scales(stage_of_sum, params.stages_of_word_b);
        ptx::mbarrier_arrive_expect_tx(full, params.operand_bytes + (of_a ? Config::kScaleBoxA * 4 : 0) +
                                                 (of_b ? Config::kScaleBoxB * 4 : 0));
        const int32_t k = sum.k_start + stage_of_sum * kFp8Stage, column = tile.n * Config::kBlockN;
        const bool evict_first = params.b_evict_first != 0;
        A::load(stage.a(), &params.a, full, tile.row + half_of_a(tile), k, tile.group, false);
        B::load(stage.b(), &params.b, full, column + half_of_b(), k, tile.group, evict_first);
        if (of_a) {
            const int32_t before = Config::kGrouping == Grouping::psum ? tile.row % sm90::kRowsOfBoxStart : 0;
            load_scales<Config::kGroupsOfA>(stage.scales_a(), &params.sfa, full, tile.row - before,
                                            sum.word_a + stage_of_sum / params.stages_of_word_a, tile.group);
        }
        if (of_b) {
            load_scales<Config::kGroupsOfB>(stage.scales_b(), &params.sfb, full, column,
                                            sum.word_b + stage_of_sum / params.stages_of_word_b, tile.group);
        }
    }

    // Where a pair shares a tile of A or B, each block loads the half that the instruction takes from it.
    __device__ __forceinline__ int32_t half_of_a(const sm90::Tile& tile) const {
        if constexpr (!Config::kPair || !Config::kSwapAB) return 0;
        return static_cast<int32_t>(rank) * (instruction_n<Config>(tile) / 2);
    }
    __device__ __forceinline__ int32_t half_of_b() const {
        if constexpr (!Config::kPair || Config::kSwapAB) return 0;
        return static_cast<int32_t>(rank) * (Config::kBlockN / 2);
    }

    // The words of a tile's rows for one stage or four.
    template <bool kGroups>
    __device__ __forceinline__ static void load_scales(uint32_t to, const CUtensorMap* map, uint32_t full, int32_t row,
                                                       int32_t word, int32_t group) {
        if constexpr (kGroups) {
            ptx::tma_load(to, map, full, ptx::Point3{row, word, group});
        } else {
            ptx::tma_load(to, map, full, row, word);
        }
    }
};

}  // namespace aotgemm::sm100
