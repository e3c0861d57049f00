// Arguments that the GEMM kernels of sm_100a have in common, shared by host and device.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace aotgemm::sm100 {

struct GemmParams {
    CUtensorMap a, b, d;  // with the group as third dimension where gemm_tile.cuh says so (kGroupsOfA, B, D)
    const void* c;        // of D's type, added to the sums; null for none. It may be D itself.
    int64_t c_row_stride, c_group_stride;  // in elements
    void* d_data;                          // D, for tiles of which only some rows may be written
    int64_t d_row_stride, d_group_stride;
    const int32_t* index;     // see Grouping; null if that has none
    int32_t groups;           // of A and B
    int32_t ranges;           // batch_reduced alone: ranges of batches, one for each matrix of D
    int32_t m, n, k;          // m: rows of A, or of one group of it where A has a group dimension; k: not for k_grouped
    int32_t group_m;          // see rasterize
    int32_t group_alignment;  // psum: rows at a multiple of which groups start, 1 to 256
    int32_t operand_bytes;    // of A and B that the TMA loads for a stage, in each block: FP4 counts as it is packed
    int32_t b_evict_first;    // whether B is read once and need not stay in the L2
};

// Of families whose D may have heads: head_columns columns of sums each, and in D head_mid columns more, not written, after
// the first head_left of them. head_mid is 0 where there are none.
struct HeadParams : GemmParams {
    int32_t head_columns, head_left, head_mid;
};

}  // namespace aotgemm::sm100
