// Tile shape, warpgroups and shared memory of one fp8_gemm_1d2d kernel, computed at compile time from its spec.
#pragma once

#include <cstdint>
#include <numeric>

#include "common/align.hpp"
#include "common/grouping.hpp"
#include "sm90/fp8_gemm_1d2d/params.hpp"
#include "sm90/pipeline/pipeline.cuh"
#include "sm90/pipeline/tile_queue.cuh"
#include "sm90/pipeline/warpgroups.hpp"

namespace aotgemm::sm90 {

// The instruction's M side is A (tokens) or, with swap_ab, B (weights); its N side is the other one.
template <Grouping kGrouping_, int kBlockM_, int kBlockN_, int kBlockK_, int kStages_, int kInFlight_, int kClusterM_,
          int kClusterN_, bool kSwapAB_>
struct Fp8Gemm1d2dConfig {
    using Params = Fp8Gemm1d2dParams;
    static constexpr Grouping kGrouping = kGrouping_;
    static constexpr int kBlockM = kBlockM_, kBlockN = kBlockN_, kBlockK = kBlockK_;
    static constexpr int kSlices = kBlockK / 128;  // K blocks of the scales in a stage, each 128 bytes of a row
    static constexpr int kStages = kStages_;
    static constexpr int kInFlight = kInFlight_;  // mmas, each a pass over a stage, that a consumer has in flight
    static constexpr int kClusterM = kClusterM_, kClusterN = kClusterN_, kCluster = kClusterM * kClusterN;
    static constexpr bool kSwapAB = kSwapAB_;

    static constexpr int kRows = kSwapAB ? kBlockN : kBlockM;     // on the instruction's M side
    static constexpr int kColumns = kSwapAB ? kBlockM : kBlockN;  // on its N side
    // One consumer warpgroup computes 64 rows of up to 128 columns; two warpgroups split wider ones over N.
    static constexpr bool kSplitColumns = kRows == 64 && kColumns > 128;
    static constexpr int kConsumers = consumer_count(kRows, kSplitColumns);
    static constexpr int kPasses = kSplitColumns ? 1 : kRows / 64 / kConsumers;  // 64-row passes of a consumer
    static constexpr int kInstructionN = kSplitColumns ? kColumns / 2 : kColumns;
    static constexpr int kThreads = 128 * (kConsumers + 1);
    // Arrivals at `empty`: the block's consumer threads and the consumer warps of its neighbour in the cluster.
    static constexpr int kArrivals = kConsumers * (128 + 4 * (kCluster - 1));
    static constexpr int kTileConsumers = kConsumers * 128;  // that pop a tile: every consumer thread
    static constexpr bool kLeavesOutHalfOfA = leaves_out_half_of_a(kGrouping, kBlockM, kSwapAB, kCluster);
    static constexpr int kConsumerRegisters = consumer_registers(kConsumers);
    static constexpr int kProducerRegisters = producer_registers(kConsumers);

    static constexpr int kStoreColumns = store_box_columns(kSwapAB, kBlockN);
    static constexpr int kStoreRows = store_box_rows(kSwapAB, kBlockM);

    static constexpr bool kScalesOfColumns = false;  // B is scaled by 128x128, not by row
    static constexpr int kScaleStep = std::gcd(kBlockN, 128);  // unit of 128-column boundaries inside a tile
    // The most scales of B that the columns of a consumer have: its tile starts at a multiple of kScaleStep, and
    // columns are split at a multiple of 128.
    static constexpr int kScalesB = kSplitColumns ? 1 : (128 - kScaleStep + kBlockN + 127) / 128;

    static constexpr int kBytesD = align_up(kBlockM * kBlockN * 2, 1024);
    static constexpr int kSliceA = kBlockM * 128, kSliceB = kBlockN * 128;
    static constexpr int kBytesA = kSlices * kSliceA, kBytesB = kSlices * kSliceB;
    static constexpr int kScaleRowsA = scale_box_rows(kGrouping, kBlockM);
    static constexpr int kBytesScalesA = kSlices * kScaleRowsA * 4, kPitchScalesA = align_up(kBytesScalesA, 128);
    static constexpr int kOffsetA = kBytesD;
    static constexpr int kOffsetB = kOffsetA + kStages * kBytesA;
    static constexpr int kOffsetScalesA = kOffsetB + kStages * kBytesB;
    static constexpr int kOffsetBarriers = kOffsetScalesA + kStages * kPitchScalesA;
    static constexpr int kOffsetTiles = kOffsetBarriers + kStages * kStageBarrierBytes;
    static constexpr int kSharedBytes = kOffsetTiles + kTileQueueBytes;
    static constexpr int kStageBytes = kBytesA + kBytesB + kBytesScalesA;  // that the TMA loads

    static_assert(kBlockK % 128 == 0 && (kPasses == 1 || kSlices == 1));
    static_assert(kRows % (64 * kConsumers) == 0 || kSplitColumns);
    static_assert(kPasses >= 1 && kPasses <= 2);
    static_assert(kInstructionN % 8 == 0 && kInstructionN <= 256);
    static_assert(kCluster <= 2, "a tile is shared by at most two blocks");
    static_assert(kBlockM % (8 * kClusterN) == 0 && kBlockN % (8 * kClusterM) == 0,
                  "each block of a cluster loads half of a shared tile");
    static_assert(!kSplitColumns || kInstructionN == 128);
    static_assert(kInFlight == 1 || kInFlight % kPasses == 0);
};

}  // namespace aotgemm::sm90
