// Shape of one fp8_fp4_gemm kernel at compile time: tile, instruction, shared and tensor memory.
#pragma once

#include <cstdint>

#include "common/align.hpp"
#include "sm100/fp8_fp4_gemm/params.hpp"
#include "sm100/gemm_tile.cuh"
#include "sm100/pipeline/accumulator_pipeline.cuh"
#include "sm100/pipeline/operand_pipeline.cuh"
#include "sm100/pipeline/tensor_memory.cuh"
#include "sm90/fp8_gemm_1d2d/params.hpp"
#include "sm90/pipeline/tile_queue.cuh"

namespace aotgemm::sm100 {

constexpr int kScaleRows = 128;  // rows whose scale words one tcgen05.cp copies, into kScaleColumns columns
constexpr int kScaleColumns = 4;

constexpr int scale_blocks(int rows) { return (rows + kScaleRows - 1) / kScaleRows; }

template <Grouping kGrouping, int kBlockM, int kBlockN, int kStages, int kClusterM, int kClusterN, bool kSwapAB, bool kMnA,
          bool kMnB, class Out>
struct Fp8Fp4GemmConfig
    : GemmTile<kGrouping, kBlockM, kBlockN, kFp8Stage, kStages, kClusterM, kClusterN, kSwapAB, kMnA, kMnB, Out, 1> {
    using Tile = GemmTile<kGrouping, kBlockM, kBlockN, kFp8Stage, kStages, kClusterM, kClusterN, kSwapAB, kMnA, kMnB, Out, 1>;
    static constexpr int kThreads = sm100::kThreads;

    // The producer's warp hands tiles to the warps that multiply, arrange scales and write D.
    static constexpr int kTileConsumers = 32 * (2 + kEpilogueWarps);

    // The TMA loads the scale words of all of a tile's rows, of the instruction's N side also in each block of a pair. Boxes
    // start at multiples of kRowsOfBoxStart, and groups of psum anywhere: there a box has more rows.
    static constexpr int kScaleBoxA = sm90::scale_box_rows(kGrouping, kBlockM), kScaleBoxB = kBlockN;
    static constexpr int kScaleBlocksA = scale_blocks(kBlockM), kScaleBlocksB = scale_blocks(kBlockN);
    static constexpr int kPitchScalesA = align_up((kScaleBlocksA * kScaleRows + kScaleBoxA - kBlockM) * 4, 128);
    static constexpr int kPitchScalesB = kScaleBlocksB * kScaleRows * 4;

    // Tensor memory: the accumulators, then the scales of A and of B.
    static constexpr int kColumnOfScalesA = kAccumulators * Tile::kInstructionN;
    static constexpr int kColumnOfScalesB = kColumnOfScalesA + kScaleBlocksA * kScaleColumns;
    static constexpr int kTmemColumns = allocated_columns(kColumnOfScalesB + kScaleBlocksB * kScaleColumns);

    static constexpr int kOffsetA = Tile::kEpilogueBytes;
    static constexpr int kOffsetB = kOffsetA + kStages * Tile::kBytesA;
    static constexpr int kOffsetScalesA = kOffsetB + kStages * Tile::kBytesB;
    static constexpr int kOffsetScalesB = kOffsetScalesA + kStages * kPitchScalesA;
    static constexpr int kOffsetBarriers = kOffsetScalesB + kStages * kPitchScalesB;
    static constexpr int kOffsetScaled = kOffsetBarriers + kStages * kStageBarrierBytes;
    static constexpr int kOffsetAccumulators = kOffsetScaled + kStages * 8;
    static constexpr int kOffsetTiles = align_up(kOffsetAccumulators + kAccumulatorBarrierBytes, 16);
    static constexpr int kOffsetTmem = kOffsetTiles + sm90::kTileQueueBytes;
    static constexpr int kSharedBytes = kOffsetTmem + kTensorMemoryBytes;

    static_assert(kOffsetA % kSwizzleAtomBytes == 0 && kOffsetB % kSwizzleAtomBytes == 0);
    static_assert(kTmemColumns <= 512);
};

// N of the instruction: with swap_ab a tile of few rows of A needs no more. An M-major A comes in whole boxes.
template <class Config>
__device__ __forceinline__ int32_t instruction_n(const sm90::Tile& tile) {
    if constexpr (!Config::kSwapAB || Config::A::kMnMajor) return Config::kInstructionN;
    return min((tile.rows + 15) / 16 * 16, Config::kInstructionN);
}

}  // namespace aotgemm::sm100
