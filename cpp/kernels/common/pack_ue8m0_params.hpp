// Arguments and launch shape of pack_ue8m0, and which scales a word holds, shared by host and device.
#pragma once

#include <cstdint>

#include "common/host_device.hpp"
#include "common/live_rows.hpp"

namespace aotgemm {

// K of each group, where scales of several groups follow one another along K. index: K of each, or if is_psum the end of
// each, groups starting at the end of the one before rounded up to a multiple of `alignment`. gran: columns of a scale.
struct KGroups {
    const int32_t* index;
    int32_t count;  // 0: one group, all of K
    int32_t is_psum, alignment, gran;
};

// sf [groups, ceil(mn / rows_per_scale), k] of any strides -> out [groups, mn, words]. Strides count
// elements. Row r of out is of row r / rows_per_scale of sf.
struct PackUe8m0Params {
    const float* sf;
    uint32_t* out;
    int64_t groups, mn, k, words;
    int64_t group_stride, mn_stride, k_stride;  // of sf
    int64_t out_group_stride, out_mn_stride, out_word_stride;
    int64_t rows_per_scale;
    LiveRows live;  // all, or psum: rows in gaps become 0 and are not read
    KGroups k_groups;
};

// The scales of a word, `first` to first + count - 1 (at most four); count is -1 where the word belongs to no group.
struct ScalesOfWord {
    int64_t first;
    int32_t count;
};

AOTGEMM_HOST_DEVICE constexpr int32_t scales_left(int64_t left) { return static_cast<int32_t>(left < 4 ? left : 4); }

// Groups are compact in sf and in out: a group's last word is filled up with zeros.
AOTGEMM_HOST_DEVICE inline ScalesOfWord scales_of_word(const PackUe8m0Params& params, int64_t word) {
    const KGroups& groups = params.k_groups;
    if (groups.count == 0) return {word * 4, scales_left(params.k - word * 4)};
    int64_t first_scale = 0, first_word = 0, end_before = 0;
    for (int32_t group = 0; group < groups.count; ++group) {
        const int64_t given = groups.index[group];
        const int64_t start = (end_before + groups.alignment - 1) / groups.alignment * groups.alignment;
        const int64_t size = groups.is_psum != 0 ? given - start : given;
        const int64_t scales = size > 0 ? (size + groups.gran - 1) / groups.gran : 0;
        const int64_t inside = word - first_word;
        if (inside * 4 < scales) {
            const int64_t first = first_scale + inside * 4;
            const int64_t left = scales - inside * 4, there = params.k - first;  // an index beyond sf reads nothing
            return {first, there > 0 ? scales_left(left < there ? left : there) : 0};
        }
        first_scale += scales;
        first_word += (scales + 3) / 4;
        end_before = given;
    }
    return {0, -1};
}

// UE8M0 of a power of two; 0xFF, its NaN, of anything else.
AOTGEMM_HOST_DEVICE constexpr uint32_t ue8m0_of_bits(uint32_t bits) { return (bits & 0x807FFFFFu) == 0 ? bits >> 23 : 0xFF; }

inline constexpr int kPackThreads = 256;
inline constexpr int kPackMn = 32, kPackWords = kPackThreads / kPackMn;  // of a thread block

// Launch: kPackThreads threads, this many blocks (one dimension), no dynamic shared memory. 0: nothing to do.
constexpr int64_t pack_ue8m0_blocks(const PackUe8m0Params& params) {
    return params.groups * ((params.mn + kPackMn - 1) / kPackMn) * ((params.words + kPackWords - 1) / kPackWords);
}

}  // namespace aotgemm
