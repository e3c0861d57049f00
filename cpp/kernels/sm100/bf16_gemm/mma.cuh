// The warp of bf16_gemm that multiplies: one chain of tcgen05.mma over the whole range of a tile's sum.
//
// The canonical order (aotgemm_bf16_gemm in cpp/include/aotgemm/aotgemm.h) is one chain of steps of 16 over K, started at
// zero, as on sm_90a. K need not fill a group's last stage: the TMA fills it up with zeros, and a step of zero products
// returns its accumulator unchanged (sm90/bf16_gemm/consumer.cuh says why).
#pragma once

#include <cute/arch/mma_sm100_umma.hpp>
#include <type_traits>

#include "common/static_for.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/tcgen05.cuh"
#include "sm100/bf16_gemm/config.cuh"
#include "sm90/pipeline/pipeline_state.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct Bf16Mma {
    using RowOperand = std::conditional_t<Config::kSwapAB, typename Config::B, typename Config::A>;
    using ColumnOperand = std::conditional_t<Config::kSwapAB, typename Config::A, typename Config::B>;
    static constexpr auto kMajorOfRows = RowOperand::kMnMajor ? cute::UMMA::Major::MN : cute::UMMA::Major::K;
    static constexpr auto kMajorOfColumns = ColumnOperand::kMnMajor ? cute::UMMA::Major::MN : cute::UMMA::Major::K;
    using OfBlock = cute::SM100_MMA_F16BF16_SS<cute::bfloat16_t, cute::bfloat16_t, float, 128, Config::kInstructionN,
                                               kMajorOfRows, kMajorOfColumns>;
    using OfPair = cute::SM100_MMA_F16BF16_2x1SM_SS<cute::bfloat16_t, cute::bfloat16_t, float, 256, Config::kInstructionN,
                                                    kMajorOfRows, kMajorOfColumns>;
    using Instruction = std::conditional_t<Config::kPair, OfPair, OfBlock>;

    uint32_t shared;  // start of dynamic shared memory
    sm90::PipelineState<Config::kStages> at{};

    // All lanes of the warp call this. In a pair the leader multiplies; the other block's warp lets the tiles pass.
    __device__ __forceinline__ void run(AccumulatorPipeline<Config> accumulators, bool multiplies) {
        sm90::TileQueue<Config> tiles{shared};
        sm90::Tile tile;
        int32_t count;  // see Bf16Producer::multiplied
        while (tiles.pop(tile, count)) {
            if (!multiplies || count == 0) continue;
            accumulators.wait_until_empty();
#pragma unroll 1
            for (int32_t done = 0; done < count; done += kCountOfStage) {
                multiply_stage(accumulators.address(), done > 0, count - done);
            }
            accumulators.commit();
            accumulators.advance();
        }
    }

   private:
    static constexpr bool kEndsInStages = Config::kGrouping == Grouping::k_grouped;
    static constexpr int kCountOfStage = kEndsInStages ? Config::kSteps : 1;

    // The first instruction of a tile does not add to what the accumulator holds. Behind a group's last step lies the next
    // group.
    __device__ __forceinline__ void multiply_stage(uint32_t accumulator, bool adds, int32_t steps) {
        const OperandPipeline<Config> pipeline{shared};
        ptx::mbarrier_wait(pipeline.full(at.stage), at.parity);
        ptx::tcgen05_fence_after_thread_sync();
        const uint32_t tile_a = shared + Config::kOffsetA + at.stage * Config::kBytesA;
        const uint32_t tile_b = shared + Config::kOffsetB + at.stage * Config::kBytesB;
        const uint64_t rows = RowOperand::descriptor(Config::kSwapAB ? tile_b : tile_a);
        const uint64_t columns = ColumnOperand::descriptor(Config::kSwapAB ? tile_a : tile_b);
        static_for<Config::kSteps>([&](auto step) {  // descriptors count 16 bytes
            if (kEndsInStages && step >= steps) return;
            Instruction::fma(rows + RowOperand::offset(step) / 16, columns + ColumnOperand::offset(step) / 16, accumulator,
                             step > 0 || adds ? 1 : 0, instruction());
        });
        pipeline.release(at.stage);
        at.advance();
    }

    __device__ __forceinline__ static uint64_t instruction() {
        return cute::UMMA::make_runtime_instr_desc<cute::bfloat16_t, cute::bfloat16_t, float, Config::kInstructionM,
                                                   Config::kInstructionN, kMajorOfRows, kMajorOfColumns>();
    }
};

}  // namespace aotgemm::sm100
