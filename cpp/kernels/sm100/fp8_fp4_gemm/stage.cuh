// A stage of the FP8 and FP4 operands: where its parts lie, and the barrier `scaled` beside those of operand_pipeline.cuh.
//
// Each block of a pair loads its part by itself, counted at its own barrier `full`. Its scale warp waits for that, arranges
// the scales, and arrives at the leader's `scaled`, where the leader's warp that multiplies waits for both blocks.
#pragma once

#include <cstdint>

#include "ptx/mbarrier.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct Fp8Stage {
    uint32_t shared;  // start of dynamic shared memory
    uint32_t number;

    __device__ __forceinline__ uint32_t a() const { return shared + Config::kOffsetA + number * Config::kBytesA; }
    __device__ __forceinline__ uint32_t b() const { return shared + Config::kOffsetB + number * Config::kBytesB; }
    __device__ __forceinline__ uint32_t scales_a() const {
        return shared + Config::kOffsetScalesA + number * Config::kPitchScalesA;
    }
    __device__ __forceinline__ uint32_t scales_b() const {
        return shared + Config::kOffsetScalesB + number * Config::kPitchScalesB;
    }
    __device__ __forceinline__ uint32_t scaled() const { return shared + Config::kOffsetScaled + number * 8; }

    // One thread initialises the barriers, before any use and before mbarrier_init_fence.
    __device__ __forceinline__ static void init(uint32_t shared) {
        for (uint32_t stage = 0; stage < Config::kStages; ++stage) {
            ptx::mbarrier_init(Fp8Stage{shared, stage}.scaled(), Config::kCluster);
        }
    }

    // The scale warp has arranged what the stage brings; one of its threads calls this.
    __device__ __forceinline__ void arrive() const {
        if constexpr (Config::kPair) {
            ptx::mbarrier_arrive_cluster(scaled(), 0);
        } else {
            ptx::mbarrier_arrive(scaled());
        }
    }
};

// Whether a word of scales begins with this stage of a sum, so that the stage brings words. `stages_of_word` is 1 or 4.
__device__ __forceinline__ bool brings_scales(int32_t stage_of_sum, int32_t stages_of_word) {
    return (stage_of_sum & (stages_of_word - 1)) == 0;
}

}  // namespace aotgemm::sm100
