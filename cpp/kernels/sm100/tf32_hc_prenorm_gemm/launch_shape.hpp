// Launch shape and shared memory of the tf32_hc_prenorm_gemm kernels on sm_100a, shared by host and device. Arguments, the
// stages of A and B and the pieces of work are those of sm_90a.
#pragma once

#include "common/align.hpp"
#include "sm90/tf32_hc_prenorm_gemm/params.hpp"

namespace aotgemm::sm100 {

// A block of A in FP32, which the tensor cores read. Two, for room; one is multiplied while the other is made.
constexpr int kPrenormTermStages = 2;
constexpr int kPrenormTermBytes = sm90::kPrenormMostRows * sm90::kPrenormBlockK * 4;

constexpr int prenorm_terms_offset(int columns) { return align_up(sm90::prenorm_shared_bytes(columns), 1024); }
constexpr int prenorm_shared_bytes(int columns) {
    constexpr int kBarriers = kPrenormTermStages * 16 + 16, kTensorMemoryAddress = 16;
    return prenorm_terms_offset(columns) + kPrenormTermStages * kPrenormTermBytes + kBarriers + kTensorMemoryAddress;
}

// Four warps that convert A and store D, the producer of A, the warp that multiplies, and a loader for eight rows of B.
constexpr int kPrenormConverterWarps = 4, kPrenormProducerWarp = 4, kPrenormMmaWarp = 5, kPrenormFirstLoader = 6;
constexpr int prenorm_threads(int columns) {
    return 32 * (kPrenormFirstLoader + columns / sm90::kPrenormColumnStep);
}

}  // namespace aotgemm::sm100
