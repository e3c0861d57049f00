// Shared memory and tensor memory of one bf16_gemm kernel on sm_100a, computed at compile time from its spec.
#pragma once

#include "sm100/gemm_tile.cuh"
#include "sm100/pipeline/accumulator_pipeline.cuh"
#include "sm100/pipeline/operand_pipeline.cuh"
#include "sm100/pipeline/tensor_memory.cuh"
#include "sm90/pipeline/tile_queue.cuh"

namespace aotgemm::sm100 {

constexpr int kBf16Bytes = 2;
constexpr int kBf16Step = kStepBytes / kBf16Bytes;  // elements of K that an instruction multiplies

// See GemmTile.
template <Grouping kGrouping, int kBlockM, int kBlockN, int kBlockK, int kStages_, int kClusterM, int kClusterN,
          bool kSwapAB, bool kMnA, bool kMnB, class Out>
struct Bf16GemmConfig : GemmTile<kGrouping, kBlockM, kBlockN, kBlockK, kStages_, kClusterM, kClusterN, kSwapAB, kMnA, kMnB,
                                 Out, kBf16Bytes> {
    using Tile = GemmTile<kGrouping, kBlockM, kBlockN, kBlockK, kStages_, kClusterM, kClusterN, kSwapAB, kMnA, kMnB, Out,
                          kBf16Bytes>;
    static constexpr int kThreads = sm100::kThreads;
    static constexpr int kTileConsumers = 32 + kEpilogueWarps * 32;  // that pop a tile: threads of MMA warp and epilogue
    static constexpr int kTmemColumns = allocated_columns(kAccumulators * Tile::kInstructionN);

    static constexpr int kOffsetA = Tile::kEpilogueBytes;
    static constexpr int kOffsetB = kOffsetA + Tile::kStages * Tile::kBytesA;
    static constexpr int kOffsetBarriers = kOffsetB + Tile::kStages * Tile::kBytesB;
    static constexpr int kOffsetAccumulators = kOffsetBarriers + Tile::kStages * kStageBarrierBytes;
    static constexpr int kOffsetTiles = kOffsetAccumulators + kAccumulatorBarrierBytes;
    static constexpr int kOffsetTmem = kOffsetTiles + sm90::kTileQueueBytes;
    static constexpr int kSharedBytes = kOffsetTmem + kTensorMemoryBytes;
};

}  // namespace aotgemm::sm100
