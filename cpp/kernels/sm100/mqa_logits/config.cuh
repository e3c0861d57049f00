// Shapes, shared and tensor memory of a kernel of the indexer's logits, computed at compile time from its spec.
#pragma once

#include <cstdint>

#include "common/align.hpp"
#include "sm100/mqa_logits/params.hpp"
#include "sm100/pipeline/tensor_memory.cuh"

namespace aotgemm::sm100 {

constexpr int kMqaEpilogueWarps = 8;  // two warpgroups, each with a tile of its own
constexpr int kMqaProducerWarp = 8, kMqaMmaWarp = 9, kMqaScaleWarp = 10, kMqaLastWarp = 11;
constexpr int kMqaAccumulators = 3;  // one for each warpgroup, and one that is being summed
constexpr int kMqaTileBarriers = 4;  // that say in turn that a tile is summed: each warpgroup has two, and misses no phase
constexpr int kMqaAllColumns = 512;  // of tensor memory

// A thread of the epilogue holds the weights of a tile's 128 columns, and has what the other warps give away.
constexpr int kMqaEpilogueRegisters = 224, kMqaOtherRegisters = 56;
static_assert(2 * kMqaEpilogueRegisters + kMqaOtherRegisters == 3 * 168, "65,536 registers for 384 threads");

// kFp4: q and keys are packed E2M1 with UE8M0 scales, not E4M3. kSplitsKeys: there is one tile of rows of q, and the
// warpgroups of the epilogue take the stages of keys in turn; otherwise there are two, and each has one.
template <int kHeads_, bool kFp4_, int kStages_, bool kSplitsKeys_, class Params_>
struct MqaConfig {
    using Params = Params_;
    static constexpr int kHeads = kHeads_, kStages = kStages_;
    static constexpr bool kFp4 = kFp4_, kSplitsKeys = kSplitsKeys_, kPair = false;
    static constexpr int kQueryStages = 2;
    static constexpr int kTiles = kSplitsKeys ? 1 : kMqaTilesOfStage;  // of a stage
    static constexpr int kTileRows = kMqaTileColumns / kHeads;         // rows of q of a tile
    static constexpr int kBlockRows = kTiles * kTileRows;              // of a block of work
    static constexpr int kBlockColumns = kTiles * kMqaTileColumns;     // the same with their heads
    static constexpr int kScaleReaders = kFp4 ? 0 : kMqaEpilogueWarps / (kSplitsKeys ? 2 : 1);  // of a stage

    static constexpr int kMostRowBytes = kFp4 ? 64 : 128;
    static constexpr int kQueryPitch = kBlockColumns * kMostRowBytes;
    static constexpr int kKeyPitch = sm90::kMqaBlockKeys * kMostRowBytes;
    static constexpr int kKeyScaleBytes = sm90::kMqaBlockKeys * 4;
    static constexpr int kQueryScaleBytes = kFp4 ? kBlockColumns * 4 : 0;
    static constexpr int kWeightBytes = kBlockColumns * 4;
    static constexpr int kRowBytes = 16;  // of a row's keys, see QueryBlock
    static constexpr int kQueryBlockBytes = 16 + kWeightBytes + kBlockRows * kRowBytes;
    static constexpr int kBarrierBytes = 24;  // of a stage, or a block of rows: full, empty, scaled

    static constexpr int kAccumulatorBytes = align_up((kMqaTileBarriers + kMqaAccumulators) * 8, 16);

    static constexpr int kOffsetQueries = 0;
    static constexpr int kOffsetKeys = kOffsetQueries + kQueryStages * kQueryPitch;
    static constexpr int kOffsetKeyScales = kOffsetKeys + kStages * kKeyPitch;
    static constexpr int kOffsetQueryScales = kOffsetKeyScales + kStages * kKeyScaleBytes;
    static constexpr int kOffsetQueryBlocks = kOffsetQueryScales + kQueryStages * kQueryScaleBytes;
    static constexpr int kOffsetBarriers = kOffsetQueryBlocks + kQueryStages * kQueryBlockBytes;
    static constexpr int kOffsetQueryBarriers = kOffsetBarriers + kStages * kBarrierBytes;
    static constexpr int kOffsetAccumulators = kOffsetQueryBarriers + kQueryStages * kBarrierBytes;
    static constexpr int kOffsetTmem = kOffsetAccumulators + kAccumulatorBytes;
    static constexpr int kOffsetShare = kOffsetTmem + kTensorMemoryBytes;
    static constexpr int kShareBytes = kSplitsKeys ? 0 : 16 + 4 * (sm90::kMqaThreads / 32);
    static constexpr int kSharedBytes = kOffsetShare + kShareBytes;

    // Tensor memory: accumulators, then scales of a stage of keys and of each tile of q.
    static constexpr int kColumnOfKeyScales = kMqaAccumulators * kMqaTileColumns;
    static constexpr int kColumnOfQueryScales = kColumnOfKeyScales + 4;
    static constexpr int kTmemColumns = kMqaAllColumns;
    static_assert(kColumnOfQueryScales + kTiles * 4 <= kTmemColumns);
    static_assert(32 * (kMqaLastWarp + 1) == sm90::kMqaThreads);
};

}  // namespace aotgemm::sm100
