// Arguments of the fp8_gemm_1d2d kernels, shared by host and device.
#pragma once

#include <cuda.h>

#include <cstdint>

#include "common/grouping.hpp"

namespace aotgemm::sm90 {

// TMA boxes of D are as wide as a swizzle row allows; with swap_ab, one box of 64 columns per 64-row pass. Where the
// columns are an odd multiple of 16, a box is half of the tile and needs no swizzle, see swizzle.cuh.
constexpr int store_box_columns(bool swap_ab, int block_n) {
    return swap_ab || block_n % 64 == 0 ? 64 : block_n % 32 == 0 ? 32 : block_n / 2;
}
// Rows of A's scales in a box: a group of psum starts anywhere.
constexpr int scale_box_rows(Grouping grouping, int block_m) {
    return block_m + (grouping == Grouping::psum ? kRowsOfBoxStart : 0);
}
// Whether two blocks multiply tile rows of one group and share B, see paired_scheduler.cuh. Boxes of A and B are then half
// of a tile.
constexpr bool pairs_rows(Grouping grouping, int cluster_m) {
    const bool has_groups_of_rows =
        grouping == Grouping::contiguous || grouping == Grouping::psum || grouping == Grouping::masked;
    return has_groups_of_rows && cluster_m == 2;
}
constexpr int store_box_rows(bool swap_ab, int block_m) { return swap_ab ? block_m : 64; }

struct Fp8Gemm1d2dParams {
    CUtensorMap a, b, sfa, d;  // with the group as third dimension where grouping.hpp says so; b in all but dense
    const float* sfb;
    int64_t sfb_row_stride, sfb_column_stride, sfb_group_stride;  // in elements
    int32_t sfb_rows;       // of a group
    int32_t m, n;           // m: rows of A, or of one group of it where A has a group dimension
    int32_t k_blocks;       // of 128; the TMA fills up the last one with zeros
    int32_t group_m;        // see rasterize
    int32_t b_evict_first;  // whether B is read once and need not stay in the L2
    int32_t groups;
    const int32_t* index;  // see Grouping; null if dense or batched
    // Heads of head_columns computed columns each; in D head_mid unwritten columns follow the first head_left of each.
    int32_t head_columns, head_left, head_mid;
    int32_t group_alignment;  // psum: rows at a multiple of which groups start, 1 to 256
    void* d_data;                          // D, for tiles of which only some rows may be written
    int64_t d_row_stride, d_group_stride;  // in elements; 0 where D has no group dimension
    CUtensorMap half_of_a;  // a in boxes of half a tile's rows, where leaves_out_half_of_a
};

}  // namespace aotgemm::sm90
