// What a tile sums over: a part of K of one group or, for batch_reduced, all of K of several groups, one after the other.
#pragma once

#include <cstdint>

#include "common/grouping.hpp"
#include "sm90/schedule/dense_scheduler.cuh"

namespace aotgemm::sm100 {

struct SumRange {
    int32_t k_start, k_size;
    int32_t first_group, groups;

    // A stage never holds two groups: what the TMA loads beyond a group's last element of K must be zeros, or not
    // multiplied.
    template <int kBlockK>
    __device__ __forceinline__ int32_t stages() const {
        return groups * sm90::tiles_of(k_size, kBlockK);
    }
};

template <sm90::Grouping kGrouping, class Params, class Scheduler>
__device__ __forceinline__ SumRange sum_range(const Params& params, const Scheduler& scheduler) {
    if constexpr (kGrouping == sm90::Grouping::k_grouped) {
        return {scheduler.k_start, scheduler.k_size, scheduler.tile.group, 1};
    } else if constexpr (kGrouping == sm90::Grouping::batch_reduced) {
        return {0, params.k, scheduler.first_batch, scheduler.batch_count};
    } else {
        return {0, params.k, scheduler.tile.group, 1};
    }
}

}  // namespace aotgemm::sm100
