// Shape of a bf16_gemm kernel whose tile has fewer rows of B than a matrix instruction takes: 32 of 64, with swap_ab. For
// N up to 32, such as adapters of low rank, where the TMA would fill in rows of zeros for each stage: 1912x32x4096 took
// 12.6 us with tiles of 16 x 32 and 15.2 with the fastest others (NVIDIA H200, 2026-11-29). The instruction reads 64 rows
// of a stage all the same: those beyond the tile's hold whatever was there, and make sums that nobody reads, as a row of D
// depends on its own rows alone.
#pragma once

#include "sm90/bf16_gemm/config.cuh"

namespace aotgemm::sm90 {

// As Bf16GemmConfig. Stages have room for 64 rows of B; the producer loads kBlockN of them, the box of B's tensor map.
template <Grouping kGrouping_, int kBlockM_, int kBlockN_, int kBlockK_, int kStages_, int kClusterM_, int kClusterN_,
          bool kSwapAB_, bool kMnA_, bool kMnB_, class Out_>
struct Bf16NarrowGemmConfig : Bf16GemmConfig<kGrouping_, kBlockM_, 64, kBlockK_, kStages_, kClusterM_, kClusterN_,
                                             kSwapAB_, kMnA_, kMnB_, Out_> {
    using Base = Bf16GemmConfig<kGrouping_, kBlockM_, 64, kBlockK_, kStages_, kClusterM_, kClusterN_, kSwapAB_, kMnA_,
                                kMnB_, Out_>;
    static constexpr int kBlockN = kBlockN_;
    static constexpr int kStageBytes = Base::kBytesA + Base::kSlices * kBlockN * 128;  // that the TMA loads
    static constexpr bool kIsNarrow = true;

    static_assert(kSwapAB_ && !kMnA_ && !kMnB_ && Base::kCluster == 1 && kGrouping_ == Grouping::dense);
    static_assert(kBlockN == 32, "whole warps have rows of D");
};

}  // namespace aotgemm::sm90
