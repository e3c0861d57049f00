// Arguments of the fp8_1d2d kernels, filled by cpp/dispatch/fp8_1d2d_launch.cpp.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace aotgemm::sm90 {

// The D tile leaves in boxes as wide as a swizzle row allows; with swap_ab, one box of 64 columns per 64-row pass. Where the
// columns are an odd multiple of 16, halves of the tile need no swizzle, see swizzle.cuh.
constexpr int store_box_columns(bool swap_ab, int block_n) {
    return swap_ab || block_n % 64 == 0 ? 64 : block_n % 32 == 0 ? 32 : block_n / 2;
}
constexpr int store_box_rows(bool swap_ab, int block_m) { return swap_ab ? block_m : 64; }

struct Fp8Gemm1d2dParams {
    CUtensorMap a, b, sfa, d;  // with a third dimension, the group, where grouping.hpp says so; b in every grouping but dense
    const float* sfb;
    int64_t sfb_row_stride, sfb_column_stride, sfb_group_stride;  // in elements
    int32_t sfb_rows;  // of a group
    int32_t m, n;      // m: rows of A, or of one group of it where A has a group dimension
    int32_t k_blocks;  // of 128, the last one filled up with zeros by the TMA
    int32_t group_m;    // see rasterize
    int32_t b_evict_first;  // B is read once: it need not stay in the L2
    int32_t groups;
    const int32_t* index;  // see Grouping; null if dense or batched
    int32_t head_columns, head_left, head_mid;  // of D; after head_left of head_columns come head_mid unwritten ones
    void* d_data;          // D again, for tiles of which only some rows may be written
    int64_t d_row_stride, d_group_stride;  // in elements; 0 where D has no group dimension
};

}  // namespace aotgemm::sm90
