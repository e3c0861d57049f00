// Tile shape, warpgroups and shared memory of one fp8_fp4_gemm_1d1d kernel, computed at compile time from its spec.
#pragma once

#include <cstdint>

#include "common/align.hpp"
#include "sm90/epilogue/store_boxes.hpp"
#include "sm90/fp8_fp4_gemm_1d1d/params.hpp"
#include "sm90/pipeline/pipeline.cuh"
#include "sm90/pipeline/tile_queue.cuh"
#include "sm90/pipeline/warpgroups.hpp"

namespace aotgemm::sm90 {

// The instruction's M side is B (weights), 64 rows to a consumer warpgroup; its N side is A (tokens).
template <Grouping kGrouping_, int kBlockM_, int kBlockN_, int kBlockK_, int kStages_>
struct Fp8Fp4Gemm1d1dConfig {
    using Out = uint16_t;  // BF16
    static constexpr Grouping kGrouping = kGrouping_;
    static constexpr bool kGroupsOfA = kHasGroupDimension<kGrouping>, kGroupsOfD = kGroupsOfA;
    static constexpr bool kGroupsOfB = kGrouping != Grouping::dense;
    static constexpr bool kHasOtherRows = sm90::kHasOtherRows<kGrouping>;  // such calls have no C
    static constexpr int kBlockM = kBlockM_, kBlockN = kBlockN_, kBlockK = kBlockK_;
    static constexpr int kStages = kStages_;
    static constexpr int kSlices = kBlockK / kFp4BlockK;  // K blocks of the scales in a stage
    static constexpr int kClusterM = 1, kClusterN = 1, kCluster = 1;
    static constexpr bool kSwapAB = true, kSplitColumns = false;

    static constexpr int kConsumers = consumer_count(kBlockN, kSplitColumns), kPasses = 1;
    static constexpr int kInstructionN = kBlockM, kSums = kInstructionN / 2;
    static constexpr int kThreads = 128 * (kConsumers + 1);
    static constexpr int kTileConsumers = kConsumers * 128;  // that pop a tile: every consumer thread
    static constexpr int kArrivals = kConsumers * 128;       // at `empty`: every consumer thread, for its own reads
    static constexpr int kConsumerRegisters = consumer_registers(kConsumers);
    static constexpr int kProducerRegisters = producer_registers(kConsumers);

    static constexpr int kStoreColumns = sum_box_columns(sizeof(Out), kSwapAB, kBlockN);
    static constexpr int kStoreRowBytes = kStoreColumns * static_cast<int>(sizeof(Out));
    static constexpr int kSubtilesPerPass = 1, kSubtiles = 1, kEpilogueStages = 1;
    static constexpr int kSubtileBytes = kBlockM * 64 * static_cast<int>(sizeof(Out));

    static constexpr int kSliceA = kBlockM * kFp4BlockK, kSliceB = kBlockN * kFp4BoxWords * 4;
    static constexpr int kBytesA = kSlices * kSliceA, kBytesB = kSlices * kSliceB;
    static constexpr int kScaleRowsA = fp4_scale_box_rows(kGrouping, kBlockM);
    static constexpr int kBytesScalesA = kSlices * kScaleRowsA * 4, kPitchScalesA = align_up(kBytesScalesA, 128);
    static constexpr int kBytesScalesB = kSlices * kBlockN * 4;
    static constexpr int kTableBytes = kFp4Shifts * 8;

    static constexpr int kOffsetA = kConsumers * kEpilogueStages * kSubtileBytes;
    static constexpr int kOffsetB = kOffsetA + kStages * kBytesA;
    static constexpr int kOffsetTable = kOffsetB + kStages * kBytesB;
    static constexpr int kOffsetScalesB = kOffsetTable + kTableBytes;
    static constexpr int kOffsetScalesA = kOffsetScalesB + kStages * kBytesScalesB;
    static constexpr int kOffsetBarriers = kOffsetScalesA + kStages * kPitchScalesA;
    static constexpr int kOffsetTiles = kOffsetBarriers + kStages * kStageBarrierBytes;
    static constexpr int kSharedBytes = kOffsetTiles + kTileQueueBytes;
    static constexpr int kStageBytes = kBytesA + kBytesB + kBytesScalesA + kBytesScalesB;  // that the TMA loads

    static_assert(kSlices == 2, "the two K blocks in flight are those of a stage");
    static_assert(kBlockN == 64 * kConsumers && kInstructionN % 8 == 0 && kInstructionN <= 64);
    static_assert(kSubtileBytes % 1024 == 0 && kOffsetTable % kTableBytes == 0);
};

}  // namespace aotgemm::sm90
