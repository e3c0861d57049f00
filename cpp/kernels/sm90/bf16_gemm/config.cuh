// Tile shape, warpgroups and shared memory of one bf16_gemm kernel, computed at compile time from its spec.
#pragma once

#include <cstdint>

#include "sm90/bf16_gemm/operand.cuh"
#include "sm90/bf16_gemm/params.hpp"
#include "common/grouping.hpp"
#include "sm90/pipeline/pipeline.cuh"
#include "sm90/epilogue/store_boxes.hpp"
#include "sm90/pipeline/tile_queue.cuh"
#include "sm90/pipeline/warpgroups.hpp"

namespace aotgemm::sm90 {

// The instruction's M side is A or, with swap_ab, B; its N side is the other one. kMnA and kMnB: the operand is
// MN-major in memory, not K-major. Out: float, or uint16_t for BF16.
template <Grouping kGrouping_, int kBlockM_, int kBlockN_, int kBlockK_, int kStages_, int kClusterM_, int kClusterN_,
          bool kSwapAB_, bool kMnA_, bool kMnB_, class Out_>
struct Bf16GemmConfig {
    using Out = Out_;
    static constexpr Grouping kGrouping = kGrouping_;
    static constexpr bool kGroupsOfA = kHasGroupDimension<kGrouping>;
    static constexpr bool kGroupsOfB = kGrouping != Grouping::dense && kGrouping != Grouping::k_grouped;
    static constexpr bool kGroupsOfD = kHasGroupDimension<kGrouping> || kGrouping == Grouping::k_grouped;
    static constexpr bool kHasOtherRows = sm90::kHasOtherRows<kGrouping>;  // such calls have no C
    static constexpr int kBlockM = kBlockM_, kBlockN = kBlockN_, kBlockK = kBlockK_;
    static constexpr int kSlices = kBlockK / kBf16Slice;
    static constexpr int kStages = kStages_;
    static constexpr int kClusterM = kClusterM_, kClusterN = kClusterN_, kCluster = kClusterM * kClusterN;
    static constexpr bool kSwapAB = kSwapAB_;
    using A = Bf16Operand<kBlockM, kMnA_, kGroupsOfA>;
    using B = Bf16Operand<kBlockN, kMnB_, kGroupsOfB>;

    static constexpr int kRows = kSwapAB ? kBlockN : kBlockM;     // on the instruction's M side
    static constexpr int kColumns = kSwapAB ? kBlockM : kBlockN;  // on its N side
    // One consumer warpgroup computes 64 rows of up to 128 columns; two warpgroups split wider ones over N.
    static constexpr bool kSplitColumns = kRows == 64 && kColumns > 128;
    static constexpr int kConsumers = consumer_count(kRows, kSplitColumns);
    static constexpr int kPasses = kSplitColumns ? 1 : kRows / 64 / kConsumers;  // 64-row passes of a consumer
    static constexpr int kInstructionN = kSplitColumns ? kColumns / 2 : kColumns;
    static constexpr int kSums = kInstructionN / 2;  // accumulators a thread holds for one pass
    static constexpr int kThreads = 128 * (kConsumers + 1);
    static constexpr int kTileConsumers = kConsumers * 128;  // that pop a tile: every consumer thread
    static constexpr bool kLeavesOutHalfOfA = leaves_out_half_of_a(kGrouping, kBlockM, kSwapAB, kCluster);
    static constexpr int kConsumerRegisters = consumer_registers(kConsumers);
    static constexpr int kProducerRegisters = producer_registers(kConsumers);
    static constexpr int kArrivals = kConsumers * 4 * kCluster;  // at `empty`: every consumer warp of the cluster

    // A consumer stores its share of D in subtiles of one box of 64 rows or, with swap_ab, of one pass. Shared memory
    // holds a few of them at a time: a whole tile would take the room of two operand stages.
    static constexpr int kStoreColumns = sum_box_columns(sizeof(Out), kSwapAB, kBlockN);
    static constexpr int kStoreRowBytes = kStoreColumns * static_cast<int>(sizeof(Out));
    static constexpr int kSubtilesPerPass = kSwapAB ? 1 : kInstructionN / kStoreColumns;
    static constexpr int kSubtiles = kPasses * kSubtilesPerPass;
    static constexpr int kSubtileBytes = kSwapAB ? kBlockM * 64 * sizeof(Out) : 64 * kStoreRowBytes;
    static constexpr int kEpilogueStages = kSubtiles % 2 == 0 ? 2 : kSubtiles % 3 == 0 ? 3 : 1;

    static constexpr int kOffsetA = kConsumers * kEpilogueStages * kSubtileBytes;
    static constexpr int kBytesA = kSlices * A::kSliceBytes, kBytesB = kSlices * B::kSliceBytes;
    static constexpr int kOffsetB = kOffsetA + kStages * kBytesA;
    static constexpr int kOffsetBarriers = kOffsetB + kStages * kBytesB;
    static constexpr int kOffsetTiles = kOffsetBarriers + kStages * kStageBarrierBytes;
    static constexpr int kSharedBytes = kOffsetTiles + kTileQueueBytes;
    static constexpr int kStageBytes = kBytesA + kBytesB;  // that the TMA loads

    static_assert(kBlockK % kBf16Slice == 0);
    static_assert(kRows % (64 * kConsumers) == 0 || kSplitColumns);
    static_assert(kPasses >= 1 && kPasses <= 2);
    static_assert(kInstructionN % 8 == 0 && kInstructionN <= 256);
    static_assert(kSwapAB || kInstructionN % kStoreColumns == 0);
    static_assert(kCluster <= 2, "a tile is shared by at most two blocks");
    static_assert(kSubtileBytes % 1024 == 0, "a swizzle atom is 1,024 bytes");
};

}  // namespace aotgemm::sm90
