// Arguments of the bf16_gemm kernels, shared by host and device.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace aotgemm::sm90 {

// The TMA loads operands in slices 128 bytes wide: 64 elements of K, or of M or N where the operand is MN-major.
constexpr int kBf16Slice = 64;

struct Bf16GemmParams {
    CUtensorMap a, b, d;  // with the group as third dimension where config.cuh says so (kGroupsOfA, B, D)
    const void* c;        // of D's type, added to the sums; null for none. It may be D itself.
    int64_t c_row_stride, c_group_stride;  // in elements
    void* d_data;                          // D, for tiles of which only some rows may be written
    int64_t d_row_stride, d_group_stride;
    const int32_t* index;   // see Grouping; null if that has none
    int32_t groups;         // of A and B
    int32_t m, n, k;        // m: rows of A, or of one group of it where A has a group dimension; k: not for k_grouped
    int32_t group_m;        // see rasterize
    int32_t b_evict_first;  // whether B is read once and need not stay in the L2
    int32_t ranges;         // batch_reduced alone: ranges of batches, one for each matrix of D
    int32_t group_alignment;  // psum: rows at a multiple of which groups start, 1 to 256
    CUtensorMap half_of_a;  // a in boxes of half a tile's rows, where leaves_out_half_of_a
};

}  // namespace aotgemm::sm90
