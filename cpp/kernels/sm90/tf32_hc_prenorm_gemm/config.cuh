// Shared memory of a tf32_hc_prenorm_gemm kernel and the barriers of its two pipelines.
#pragma once

#include <cstdint>

#include "ptx/mbarrier.cuh"
#include "sm90/tf32_hc_prenorm_gemm/params.hpp"

namespace aotgemm::sm90 {

constexpr int kPrenormStepsOfGroup = 4;  // wgmma between two waits
constexpr int kPrenormFragmentsOfStep = 4;
constexpr int kPrenormFragments = 2 * kPrenormStepsOfGroup * kPrenormFragmentsOfStep;

template <int kColumns_>
struct HcPrenormConfig {
    static constexpr int kColumns = kColumns_;  // N
    static_assert(kColumns % kPrenormColumnStep == 0 && kColumns > 0 && kColumns <= kPrenormMostColumns);
    static constexpr int kThreads = prenorm_threads(kColumns);
    static constexpr int kLoaderWarps = kColumns / kPrenormColumnStep;
    static constexpr int kSums = kColumns / 2;            // of a consumer thread
    static constexpr int kSteps = kPrenormBlockK / 8;     // wgmma of a K block
    static constexpr int kHalfBytesB = kColumns * 128;    // a stage of B is two matrices of 128-byte rows
    static constexpr int kStageBytesB = prenorm_stage_bytes_b(kColumns);

    static constexpr int kOffsetA = 0;
    static constexpr int kOffsetB = kOffsetA + kPrenormStagesA * kPrenormStageBytesA;
    static constexpr int kOffsetBarriersA = kOffsetB + kPrenormStagesB * kStageBytesB;
    static constexpr int kOffsetBarriersB = kOffsetBarriersA + kPrenormStagesA * 16;
    static constexpr int kSharedBytes = prenorm_shared_bytes(kColumns);
    static_assert(kOffsetBarriersB + kPrenormStagesB * 16 == kSharedBytes);
};

// Barriers of a pipeline: `full` and `empty` of each stage, 16 bytes.
struct StageBarriers {
    uint32_t first;

    __device__ __forceinline__ uint32_t full(uint32_t stage) const { return first + stage * 16; }
    __device__ __forceinline__ uint32_t empty(uint32_t stage) const { return full(stage) + 8; }
    __device__ __forceinline__ void init(int stages, int filling, int emptying) const {
        for (int stage = 0; stage < stages; ++stage) {
            ptx::mbarrier_init(full(stage), filling);
            ptx::mbarrier_init(empty(stage), emptying);
        }
    }
};

}  // namespace aotgemm::sm90
