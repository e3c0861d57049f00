// Schedulers of pairs of thread blocks, from those of single blocks.
//
// A pair takes one tile as large as both blocks' tiles together, and each block its half of it: the pair's tile never
// holds rows of two groups, since the single block's scheduler gives it out.
#pragma once

#include <cstdint>
#include <type_traits>

#include "common/grouping.hpp"
#include "sm100/schedule/tall_scheduler.cuh"
#include "sm90/schedule/batch_reduced_scheduler.cuh"

namespace aotgemm::sm100 {

// What a scheduler of single blocks knows of a kernel, for the tile of a pair.
template <class Config>
struct PairTile {
    static constexpr sm90::Grouping kGrouping = Config::kGrouping;
    static constexpr int kBlockM = Config::kBlockM * Config::kClusterM, kBlockN = Config::kBlockN * Config::kClusterN;
    static constexpr int kClusterM = 1, kClusterN = 1, kCluster = 1;
};

template <class Config>
struct PairScheduler : sm90::SchedulerOf<PairTile<Config>, Config::kGrouping>::Type {
    using OfPair = typename sm90::SchedulerOf<PairTile<Config>, Config::kGrouping>::Type;
    static_assert(Config::kPair);

    template <class Params>
    __device__ __forceinline__ explicit PairScheduler(const Params& params) : OfPair(params) {
        this->next /= Config::kCluster;
        this->step /= Config::kCluster;
    }

    __device__ __forceinline__ bool advance(uint32_t rank) {
        if (!OfPair::advance(0)) return false;
        const auto part = static_cast<int32_t>(rank);
        if constexpr (Config::kClusterM > 1) {
            this->tile.row += part * Config::kBlockM;
            this->tile.rows -= part * Config::kBlockM;
        } else {
            this->tile.n = this->tile.n * Config::kClusterN + part;
        }
        return true;
    }
};

// sm_90a's schedulers know clusters that share A, and for dense calls those that share B.
template <class Config>
inline constexpr bool kNeedsPairScheduler =
    Config::kPair && Config::kGrouping != sm90::Grouping::dense &&
    (Config::kClusterM > 1 || Config::kGrouping == sm90::Grouping::k_grouped ||
     Config::kGrouping == sm90::Grouping::batch_reduced);

template <class Config, bool kOfPair = kNeedsPairScheduler<Config>, bool kTall = kIsTall<Config>>
struct SchedulerOf {
    using Type = typename sm90::SchedulerOf<Config, Config::kGrouping>::Type;
};
template <class Config>
struct SchedulerOf<Config, true, false> {
    using Type = PairScheduler<Config>;
};
template <class Config>
struct SchedulerOf<Config, false, true> {
    using Type = TallScheduler<Config>;
};

}  // namespace aotgemm::sm100
