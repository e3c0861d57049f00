// The warp that multiplies: one chain of tcgen05.mma in steps of 8 over the K blocks of an item, as on sm_90a.
#pragma once

#include <cute/arch/mma_sm100_umma.hpp>

#include "common/static_for.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/tcgen05.cuh"
#include "sm100/pipeline/commit.cuh"
#include "sm100/tf32_hc_prenorm_gemm/config.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/tf32_hc_prenorm_gemm/tiles.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct HcPrenormMma {
    static constexpr auto kMajor = cute::UMMA::Major::K;
    using Instruction = cute::SM100_MMA_TF32_SS<cute::tfloat32_t, cute::tfloat32_t, float, Config::kRows,
                                                Config::kColumns, kMajor, kMajor>;

    const sm90::HcPrenormParams& params;
    uint32_t shared;
    uint32_t tmem;
    sm90::PipelineState<kPrenormTermStages> terms{};
    sm90::PipelineState<sm90::kPrenormStagesB> b{};

    // All lanes of the warp call this.
    __device__ __forceinline__ void run() {
        for (auto index = static_cast<int32_t>(blockIdx.x); index < sm90::tile_count(params);
             index += static_cast<int32_t>(gridDim.x)) {
            const sm90::HcPrenormTile item(params, index);
#pragma unroll 1
            for (int32_t block = 0; block < item.blocks; ++block) multiply_block(block > 0);
            if (item.blocks > 0) commit_to<false>(barriers().summed());
        }
        drain();
    }

   private:
    __device__ __forceinline__ HcPrenormBarriers<Config> barriers() const { return {shared}; }

    __device__ __forceinline__ void multiply_block(bool adds) {
        ptx::mbarrier_wait(barriers().terms().full(terms.stage), terms.parity);
        ptx::mbarrier_wait(barriers().b().full(b.stage), b.parity);
        ptx::tcgen05_fence_after_thread_sync();
        const uint64_t rows = Config::Terms::descriptor(shared + Config::kOffsetTerms + terms.stage * kPrenormTermBytes);
        const uint64_t columns = Config::B::descriptor(shared + Config::kOffsetB + b.stage * Config::kStageBytesB);
        static_for<Config::kSteps>([&](auto step) {  // descriptors count 16 bytes
            Instruction::fma(rows + Config::Terms::offset(step) / 16, columns + Config::B::offset(step) / 16, tmem,
                             step > 0 || adds ? 1 : 0, instruction());
        });
        commit_to<false>(barriers().terms().empty(terms.stage));
        commit_to<false>(barriers().b().empty(b.stage));
        terms.advance();
        b.advance();
    }

    // The block's shared memory must outlive the arrivals that free its stages.
    __device__ __forceinline__ void drain() {
#pragma unroll 1
        for (int stage = 0; stage < kPrenormTermStages; ++stage, terms.advance()) {
            ptx::mbarrier_wait(barriers().terms().empty(terms.stage), terms.parity ^ 1);
        }
#pragma unroll 1
        for (int stage = 0; stage < sm90::kPrenormStagesB; ++stage, b.advance()) {
            ptx::mbarrier_wait(barriers().b().empty(b.stage), b.parity ^ 1);
        }
    }

    __device__ __forceinline__ static uint64_t instruction() {
        return cute::UMMA::make_runtime_instr_desc<cute::tfloat32_t, cute::tfloat32_t, float, Config::kRows,
                                                   Config::kColumns, kMajor, kMajor>();
    }
};

}  // namespace aotgemm::sm100
