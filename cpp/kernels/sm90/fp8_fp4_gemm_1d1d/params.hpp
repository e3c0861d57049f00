// Arguments of the fp8_fp4_gemm_1d1d kernels, shared by host and device.
#pragma once

#include <cuda.h>

#include <cstdint>

#include "common/fp4_words.hpp"
#include "common/grouping.hpp"

namespace aotgemm::sm90 {

// Words in a row of a box of B: 128 columns.
constexpr int kFp4BoxWords = kFp4BlockK / kFp4CodesOfWord;
// Rows of A's scales in a box: a group of psum starts anywhere.
constexpr int fp4_scale_box_rows(Grouping grouping, int block_m) {
    return block_m + (grouping == Grouping::psum ? kRowsOfBoxStart : 0);
}

struct Fp8Fp4Gemm1d1dParams {
    CUtensorMap a, b, sfa, sfb, d;  // with the group as third dimension where grouping.hpp says so; b, sfb in all but dense
    const void* c;                  // of D's type, added to the sums; null for none. It may be D itself.
    int64_t c_row_stride, c_group_stride;  // in elements
    void* d_data;                          // D, for tiles of which only some rows may be written
    int64_t d_row_stride, d_group_stride;
    const int32_t* index;     // see Grouping; null if dense
    int32_t m, n;             // m: rows of A, or of one group of it where A has a group dimension
    int32_t k_blocks;         // of 128
    int32_t groups;
    int32_t group_m;          // see rasterize
    int32_t b_evict_first;    // whether B is read once and need not stay in the L2
    int32_t group_alignment;  // psum: rows at a multiple of which groups start, 1 to 256
};

}  // namespace aotgemm::sm90
