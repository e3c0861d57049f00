// A tf32_hc_prenorm_gemm kernel's stages in shared memory, and the groups of its matrix instructions.
#pragma once

#include "sm90/tf32_hc_prenorm_gemm/config.cuh"
#include "sm90/tf32_hc_prenorm_gemm/launch_shape.hpp"

namespace aotgemm::sm90 {

// kWarpgroups: of consumers, with kPrenormGroupRows rows of A each.
template <int kColumns_, int kWarpgroups_>
struct HcPrenormStages {
    static constexpr int kColumns = kColumns_, kWarpgroups = kWarpgroups_;
    static constexpr int kSums = kColumns / 2;  // of a consumer thread

    static constexpr int kBlockBytesA = kWarpgroups * kPrenormGroupRows * kPrenormBlockK * 2;
    static constexpr int kBytesA = kPrenormStageBlocks * kBlockBytesA;
    static constexpr int kChunkBytesB = kColumns * kPrenormChunkColumns * 4;
    static constexpr int kBytesB = kPrenormStageChunks * kChunkBytesB;
    static constexpr int kStageBytes = kBytesA + kBytesB;
    static_assert(kStageBytes % 1024 == 0);
    static constexpr int kFitting = kPrenormRoomOfStages / kStageBytes;
    static constexpr int kStages = kFitting < kPrenormMostStages ? kFitting : kPrenormMostStages;
    static constexpr int kOffsetBarriers = kPrenormRoomOfStages;

    // wgmma between two commits. A commit costs time: with groups of 4 a K block took 0.276 us, with groups of 8, 0.244
    // (NVIDIA H200, N 24, K 28672, 2026-11-29).
    static constexpr int kGroupSteps = 8;
    static constexpr int kSets = 2;  // of fragments: groups that may be under way
    static constexpr int kGroups = kPrenormBlockK / 8 / kGroupSteps * kPrenormStageBlocks;
    static_assert(kGroups % kSets == 0 && kGroups % 2 == 0);
    static constexpr int kFragmentsOfSet = kGroupSteps * kPrenormFragmentsOfStep;
    static constexpr int kFragments = kSets * kFragmentsOfSet;
};

}  // namespace aotgemm::sm90
