// Arguments of the bf16 kernels, filled by cpp/dispatch/bf16_launch.cpp.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace aotgemm::sm90 {

// Operands are loaded in slices 128 bytes wide: 64 elements of K, or of M or N where those are adjacent in memory.
constexpr int kBf16Slice = 64;

struct Bf16GemmParams {
    CUtensorMap a, b, d;  // with a third dimension, the group, where each has one of its own (bf16_config.cuh)
    const void* c;        // of D's type, added to the sums; null for none. It may be D itself.
    int64_t c_row_stride, c_group_stride;  // in elements
    void* d_data;  // D again, for tiles of which only some rows may be written
    int64_t d_row_stride, d_group_stride;
    const int32_t* index;  // see Grouping; null if that has none
    int32_t groups;        // of A and B
    int32_t m, n, k;   // m: rows of A, or of one group of it where A has a group dimension; k: not for k_grouped
    int32_t group_m;    // see rasterize
    int32_t b_evict_first;  // B is read once: it need not stay in the L2
    int32_t ranges;    // batch_reduced alone: of groups, as many as D has matrices
};

}  // namespace aotgemm::sm90
