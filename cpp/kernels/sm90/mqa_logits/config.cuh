// Shapes and shared memory of a kernel of the indexer's logits, computed at compile time from its spec.
#pragma once

#include <cstdint>

#include "common/align.hpp"
#include "sm90/mqa_logits/params.hpp"
#include "sm90/pipeline/warpgroups.hpp"

namespace aotgemm::sm90 {

// kColumns: rows of q and their heads that a warpgroup multiplies at a time. kSplitsKeys: the warpgroups share the rows of
// q and have 64 keys of each stage; otherwise they share the keys and have rows of q of their own. Out: float, or
// uint16_t for BF16.
template <int kHeads_, int kHeadDim_, int kColumns_, int kStages_, bool kSplitsKeys_, class Out_, class Params_>
struct MqaConfig {
    using Params = Params_;
    using Out = Out_;
    static constexpr int kHeads = kHeads_, kHeadDim = kHeadDim_, kColumns = kColumns_, kStages = kStages_;
    static constexpr bool kSplitsKeys = kSplitsKeys_;
    static constexpr int kQueryStages = 2;
    static constexpr int kConsumerRegisters = consumer_registers(kMqaConsumers);
    static constexpr int kProducerRegisters = producer_registers(kMqaConsumers);
    static constexpr int kGroupRows = kColumns / kHeads;  // rows of q of a consumer warpgroup
    static constexpr int kBlockRows = kSplitsKeys ? kGroupRows : kMqaConsumers * kGroupRows;  // of a block of work
    static constexpr int kBlockColumns = kBlockRows * kHeads;  // the same with their heads
    static constexpr int kArrivals = 128 * kMqaConsumers;      // at `empty`: all consumer threads

    static constexpr int kQueryBytes = kBlockColumns * kHeadDim;
    static constexpr int kKeyBytes = kMqaBlockKeys * kHeadDim;
    static constexpr int kScaleBytes = kMqaBlockKeys * 4;
    static constexpr int kWeightBytes = kBlockColumns * 4;
    static constexpr int kRowBytes = 16;  // of a row's keys, see QueryBlock
    static constexpr int kQueryBlockBytes = 16 + kWeightBytes + kBlockRows * kRowBytes;

    static constexpr int kOffsetQueries = 0;
    static constexpr int kOffsetKeys = kOffsetQueries + kQueryStages * kQueryBytes;
    static constexpr int kOffsetScales = kOffsetKeys + kStages * kKeyBytes;
    static constexpr int kOffsetQueryBlocks = kOffsetScales + kStages * kScaleBytes;
    static constexpr int kOffsetBarriers = kOffsetQueryBlocks + kQueryStages * kQueryBlockBytes;
    static constexpr int kOffsetQueryBarriers = kOffsetBarriers + kStages * 16;
    static constexpr int kOffsetShare = kOffsetQueryBarriers + kQueryStages * 16;
    static constexpr int kShareBytes = kSplitsKeys ? 0 : 16 + 4 * (kMqaThreads / 32);
    static constexpr int kSharedBytes = kOffsetShare + kShareBytes;
    static constexpr int kStageBytes = kKeyBytes + kScaleBytes;  // that the TMA loads
};

}  // namespace aotgemm::sm90
