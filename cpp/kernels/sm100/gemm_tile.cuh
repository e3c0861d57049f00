// Shapes that follow from the tile of a GEMM on sm_100a, whatever its operands are.
#pragma once

#include <cstdint>

#include "common/grouping.hpp"
#include "sm100/epilogue/store_boxes.hpp"
#include "sm100/pipeline/operand.cuh"
#include "sm100/pipeline/roles.hpp"

namespace aotgemm::sm100 {

using sm90::Grouping;

// kBlockM and kBlockN: rows and columns of D of one thread block. The instruction's M side is A or, with swap_ab, B; its N
// side is the other one. kMnA and kMnB: the operand is MN-major in memory, not K-major. Out: float, or uint16_t for BF16.
//
// A cluster of two is a pair: the blocks' tiles are neighbours on the instruction's M side, 128 rows each, and one
// instruction computes both. On the N side they share one tile, of which each block loads half.
template <Grouping kGrouping_, int kBlockM_, int kBlockN_, int kBlockK_, int kStages_, int kClusterM_, int kClusterN_,
          bool kSwapAB_, bool kMnA_, bool kMnB_, class Out_, int kElementBytes>
struct GemmTile {
    using Out = Out_;
    static constexpr Grouping kGrouping = kGrouping_;
    static constexpr bool kGroupsOfA = sm90::kHasGroupDimension<kGrouping>;
    static constexpr bool kGroupsOfB = kGrouping != Grouping::dense && kGrouping != Grouping::k_grouped;
    static constexpr bool kGroupsOfD = sm90::kHasGroupDimension<kGrouping> || kGrouping == Grouping::k_grouped;
    static constexpr bool kHasOtherRows = sm90::kHasOtherRows<kGrouping>;  // such calls have no C
    static constexpr int kBlockM = kBlockM_, kBlockN = kBlockN_, kBlockK = kBlockK_, kStages = kStages_;
    static constexpr int kClusterM = kClusterM_, kClusterN = kClusterN_, kCluster = kClusterM * kClusterN;
    static constexpr bool kPair = kCluster == 2, kSwapAB = kSwapAB_;
    using A = Operand<kBlockM / kClusterN, kMnA_, kGroupsOfA, kElementBytes, kPair>;
    using B = Operand<kBlockN / kClusterM, kMnB_, kGroupsOfB, kElementBytes, kPair>;

    static constexpr int kRows = kSwapAB ? kBlockN : kBlockM;  // on the instruction's M side, of this block
    static constexpr int kInstructionM = kRows * kCluster;
    static constexpr int kInstructionN = kSwapAB ? kBlockM : kBlockN;
    static constexpr int kSlices = kBlockK * kElementBytes / kSliceBytes;
    static constexpr int kSteps = kSlices * (kSliceBytes / kStepBytes);  // matrix instructions of a stage
    static constexpr int kBytesA = kSlices * A::kTileBytes, kBytesB = kSlices * B::kTileBytes;

    static constexpr int kStoreColumns = store_columns(sizeof(Out), kSwapAB, kBlockN);
    static constexpr int kStoreRows = store_rows(kSwapAB, kBlockM);
    static constexpr int kStoreRowBytes = store_row_bytes(sizeof(Out), kSwapAB, kBlockN);
    static constexpr int kSubtileBytes = kStoreRows * kStoreRowBytes;
    static constexpr int kSubtiles = kSwapAB ? kBlockM / kStoreRows : kBlockN / kStoreColumns;  // of a warp
    static constexpr int kEpilogueBytes = kEpilogueWarps * kSubtileBuffers * kSubtileBytes;
    static constexpr int kConsumers = 1;  // warpgroups that write D

    static_assert(kRows == 128, "each block has all lanes of its tensor memory");
    static_assert(kInstructionN % 16 == 0 && kInstructionN <= 256);
    static_assert(kCluster == 1 || (kPair && (kSwapAB ? kClusterN : kClusterM) == 2), "a pair is on the M side");
    static_assert(kBlockK * kElementBytes % kSliceBytes == 0);
    static_assert(kSwapAB ? kBlockM % kStoreRows == 0 : kBlockN % kStoreColumns == 0);
    static_assert(kSubtileBytes % kSwizzleAtomBytes == 0);
};

}  // namespace aotgemm::sm100
