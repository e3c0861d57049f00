// Reads on the device which rows count. live_rows.hpp: the rules.
#pragma once

#include "common/live_rows.hpp"

namespace aotgemm {

// Behind the last row that counts, of a group of `rows` rows. An index beyond them reads nothing.
__device__ __forceinline__ int64_t end_of_live_rows(const LiveRows& live, int64_t group, int64_t rows) {
    if (live.rule == RowRule::masked) return min(rows, int64_t{live.index[group]});
    if (live.rule == RowRule::psum) return live.groups > 0 ? min(rows, int64_t{live.index[live.groups - 1]}) : 0;
    return rows;
}

// The first group that ends behind `row`, or `groups`.
__device__ __forceinline__ int32_t find_psum_group(const LiveRows& live, int64_t row) {
    int32_t low = 0, high = live.groups;
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        if (live.index[middle] > row) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

__device__ __forceinline__ int64_t psum_start(const LiveRows& live, int32_t group) {
    if (group == 0) return 0;
    return (int64_t{live.index[group - 1]} + live.alignment - 1) / live.alignment * live.alignment;
}

__device__ __forceinline__ uint32_t live_psum_rows(const LiveRows& live, int64_t first, int count) {
    uint32_t mask = 0;
    int32_t group = find_psum_group(live, first);
    for (int i = 0; i < count && group < live.groups; ++i) {
        while (group < live.groups && live.index[group] <= first + i) ++group;
        if (group < live.groups && psum_start(live, group) <= first + i) mask |= 1u << i;
    }
    return mask;
}

// Bit i is set if row first + i counts, for i from 0 to count - 1 (at most 31). `end` is that of end_of_live_rows.
__device__ __forceinline__ uint32_t live_mask(const LiveRows& live, int64_t first, int count, int64_t end) {
    const int inside = static_cast<int>(max(int64_t{0}, min(int64_t{count}, end - first)));
    if (live.rule == RowRule::psum) return live_psum_rows(live, first, inside);
    if (live.rule != RowRule::contiguous) return (1u << inside) - 1;
    uint32_t mask = 0;
    for (int i = 0; i < inside; ++i) mask |= static_cast<uint32_t>(live.index[first + i] >= 0) << i;
    return mask;
}

}  // namespace aotgemm
