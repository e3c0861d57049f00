// Which keys a row of q has, and where their logits lie.
#pragma once

#include <cstdint>

#include "sm90/mqa_logits/params.hpp"

namespace aotgemm::sm90 {

// Keys [first, first + count) of a row; key j lies in column j - shift.
struct KeyRange {
    int32_t first, count, shift;
    __device__ __forceinline__ int32_t last() const { return first + count; }
};

// Keys [start, end) of a row, cut to those there are and to the columns there are.
__device__ __forceinline__ KeyRange cut_range(const MqaLogitsParams& params, int32_t start, int32_t end) {
    const int32_t first = max(start, 0), shift = params.compressed != 0 ? start : 0;
    const int64_t last = min(params.width + shift, static_cast<int64_t>(min(end, params.keys)));
    return {first, last > first ? static_cast<int32_t>(last - first) : 0, shift};
}

__device__ __forceinline__ KeyRange key_range(const MqaLogitsParams& params, int32_t row) {
    return cut_range(params, params.starts[row], params.ends[row]);
}

// The keys that a block of rows has together.
struct BlockKeys {
    int32_t first, count;

    __device__ __forceinline__ int32_t stages() const { return (count + kMqaBlockKeys - 1) / kMqaBlockKeys; }
    // In stages; see kMqaBlockCost.
    __device__ __forceinline__ int32_t cost() const { return count > 0 ? stages() + kMqaBlockCost : 0; }
    // Products of 64 keys in `stages` stages from stage `first_stage` on.
    __device__ __forceinline__ int32_t products(int32_t first_stage, int32_t stages) const {
        return min(2 * stages, (count - first_stage * kMqaBlockKeys + 63) / 64);
    }
};

// Keys [first, last), none if last <= first; but from a multiple of 8 on, so that the stages of a block write whole sectors
// of FP32 logits.
__device__ __forceinline__ BlockKeys keys_between(int32_t first, int32_t last) {
    first &= ~7;
    return {first, max(last - first, 0)};
}

// All loads are under way at a time: one after the other they would take microseconds. Where the block has fewer rows, the
// last one counts again.
template <class Config>
__device__ __forceinline__ BlockKeys block_keys(const MqaLogitsParams& params, int32_t block) {
    int32_t starts[Config::kBlockRows], ends[Config::kBlockRows];
#pragma unroll
    for (int i = 0; i < Config::kBlockRows; ++i) {
        const int32_t row = min(block * Config::kBlockRows + i, params.rows - 1);
        starts[i] = params.starts[row];
        ends[i] = params.ends[row];
    }
    int32_t first = params.keys, last = 0;
#pragma unroll
    for (int i = 0; i < Config::kBlockRows; ++i) {
        const KeyRange keys = cut_range(params, starts[i], ends[i]);
        first = keys.count > 0 ? min(first, keys.first) : first;
        last = keys.count > 0 ? max(last, keys.last()) : last;
    }
    return keys_between(first, last);
}

}  // namespace aotgemm::sm90
