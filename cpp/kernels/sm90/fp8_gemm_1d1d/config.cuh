// Tile shape, warpgroups and shared memory of one fp8_gemm_1d1d kernel, computed at compile time from its spec.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/align.hpp"
#include "common/grouping.hpp"
#include "sm90/fp8_gemm_1d1d/params.hpp"
#include "sm90/pipeline/pipeline.cuh"
#include "sm90/epilogue/store_boxes.hpp"
#include "sm90/pipeline/tile_queue.cuh"
#include "sm90/epilogue/epilogue_pipeline.cuh"
#include "sm90/pipeline/warpgroups.hpp"

namespace aotgemm::sm90 {

constexpr int kSharedLimit = 232448;  // bytes that a thread block may use

// Epilogue stages of a consumer warpgroup: its whole share of a tile if that leaves room for four operand stages, so
// that the warpgroup never waits for a store. `bytes`: of a subtile of all warpgroups; `stage`: bytes of an operand
// stage.
constexpr int epilogue_stages(int subtiles, int bytes, int stage) {
    return std::clamp((kSharedLimit - kTileQueueBytes - 4 * stage) / bytes, 1, subtiles);
}

// The consumer warpgroup is that of fp8_gemm_1d2d with a scale for each of its columns. Out: float, or uint16_t for
// BF16.
template <int kBlockM_, int kBlockN_, int kBlockK_, int kStages_, int kInFlight_, int kClusterM_, int kClusterN_,
          class Out_>
struct Fp8Gemm1d1dConfig {
    using Params = Fp8Gemm1d1dParams;
    using Out = Out_;
    static constexpr Grouping kGrouping = Grouping::dense;
    static constexpr int kBlockM = kBlockM_, kBlockN = kBlockN_, kBlockK = kBlockK_;
    static constexpr int kSlices = kBlockK / 128;
    static constexpr int kStages = kStages_, kInFlight = kInFlight_;
    static constexpr int kClusterM = kClusterM_, kClusterN = kClusterN_, kCluster = kClusterM * kClusterN;
    static constexpr bool kSwapAB = false;

    static constexpr bool kSplitColumns = kBlockM == 64 && kBlockN > 128;
    static constexpr int kConsumers = consumer_count(kBlockM, kSplitColumns);
    static constexpr int kPasses = kSplitColumns ? 1 : kBlockM / 64 / kConsumers;
    static constexpr int kInstructionN = kSplitColumns ? kBlockN / 2 : kBlockN;
    static constexpr int kSums = kInstructionN / 2;
    static constexpr int kThreads = 128 * (kConsumers + 1);
    // Arrivals at `empty`: the block's consumer threads and the consumer warps of its neighbour in the cluster.
    static constexpr int kArrivals = kConsumers * (128 + 4 * (kCluster - 1));
    static constexpr int kTileConsumers = kConsumers * (128 + 1);  // that pop a tile: consumer threads and store warps
    static constexpr int kConsumerRegisters = consumer_registers(kConsumers);
    static constexpr int kProducerRegisters = producer_registers(kConsumers);

    static constexpr bool kScalesOfColumns = true;
    static constexpr int kScaleStep = 1;                // each column has its own scale
    static constexpr int kScalesB = kInstructionN / 4;  // of a thread and slice: two of each eight columns

    static constexpr int kSliceA = kBlockM * 128, kSliceB = kBlockN * 128;
    static constexpr int kBytesA = kSlices * kSliceA, kBytesB = kSlices * kSliceB;
    static constexpr int kScaleRowsA = kBlockM;
    static constexpr int kPitchScalesA = align_up(kSlices * kScaleRowsA * 4, 128);
    static constexpr int kPitchScalesB = align_up(kSlices * kBlockN * 4, 128);

    // The TMA stores a consumer's share of D, and loads its share of C, in subtiles of one box of 64 rows of 128 bytes.
    static constexpr int kStoreColumns = sum_box_columns(sizeof(Out), false, kBlockN);
    static constexpr int kStoreRowBytes = kStoreColumns * static_cast<int>(sizeof(Out));
    static constexpr int kSubtilesPerPass = kInstructionN / kStoreColumns;
    static constexpr int kSubtiles = kPasses * kSubtilesPerPass;
    static constexpr int kSubtileBytes = kWarpgroupBoxRows * kStoreRowBytes;
    static constexpr int kEpilogueStages =
        epilogue_stages(kSubtiles, kConsumers * (kSubtileBytes + kSubtileBarrierBytes),
                        kBytesA + kBytesB + kPitchScalesA + kPitchScalesB + kStageBarrierBytes);

    static constexpr int kOffsetA = kConsumers * kEpilogueStages * kSubtileBytes;
    static constexpr int kOffsetB = kOffsetA + kStages * kBytesA;
    static constexpr int kOffsetScalesA = kOffsetB + kStages * kBytesB;
    static constexpr int kOffsetScalesB = kOffsetScalesA + kStages * kPitchScalesA;
    static constexpr int kOffsetBarriers = kOffsetScalesB + kStages * kPitchScalesB;
    static constexpr int kOffsetEpilogueBarriers = kOffsetBarriers + kStages * kStageBarrierBytes;
    static constexpr int kOffsetTiles = kOffsetEpilogueBarriers + kConsumers * kEpilogueStages * kSubtileBarrierBytes;
    static constexpr int kSharedBytes = kOffsetTiles + kTileQueueBytes;
    static constexpr int kStageBytes = kBytesA + kBytesB + kSlices * (kBlockM + kBlockN) * 4;

    static_assert(kBlockK % 128 == 0 && (kPasses == 1 || kSlices == 1));
    static_assert(kStoreRowBytes == 128, "the tensor maps of C and D have boxes of swizzled rows");
    static_assert(kPasses >= 1 && kPasses <= 2 && kCluster <= 2);
    static_assert(kInstructionN % kStoreColumns == 0 && kInstructionN <= 256);
    static_assert(kInFlight == 1 || kInFlight % kPasses == 0);
};

}  // namespace aotgemm::sm90
