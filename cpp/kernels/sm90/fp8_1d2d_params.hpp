// Arguments of the fp8_1d2d kernels, filled by cpp/dispatch/fp8_1d2d.cpp.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace aotgemm::sm90 {

// The D tile leaves in boxes as wide as a swizzle row allows; with swap_ab, one box of 64 columns per 64-row pass.
constexpr int store_box_columns(bool swap_ab, int block_n) {
    return swap_ab || block_n % 64 == 0 ? 64 : block_n % 32 == 0 ? 32 : 16;
}
constexpr int store_box_rows(bool swap_ab, int block_m) { return swap_ab ? block_m : 64; }

struct Fp8Gemm1d2dParams {
    CUtensorMap a, b, sfa, d;
    const float* sfb;
    int64_t sfb_row_stride, sfb_column_stride;  // in elements
    int32_t sfb_rows;
    int32_t m, n;
    int32_t k_blocks;  // of 128, the last one filled up with zeros by the TMA
    int32_t band_m;    // see TileOrder
    int32_t stream_b;  // B is read once: it need not stay in the L2
};

}  // namespace aotgemm::sm90
