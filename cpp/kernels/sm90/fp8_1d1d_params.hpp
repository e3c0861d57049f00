// Arguments of the fp8_1d1d kernels, filled by cpp/dispatch/fp8_1d1d_launch.cpp.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace aotgemm::sm90 {

struct Fp8Gemm1d1dParams {
    CUtensorMap a, b, sfa, sfb, d;
    const void* c;  // of D's type, added to the sums; null for none. It may be D itself.
    int64_t c_row_stride, c_group_stride;  // in elements
    void* d_data;
    int64_t d_row_stride, d_group_stride;
    const int32_t* index;
    int32_t m, n;
    int32_t k_blocks;  // of 128, the last one filled up with zeros by the TMA
    int32_t band_m;    // see place_tile
    int32_t stream_b;  // B is read once: it need not stay in the L2
};

}  // namespace aotgemm::sm90
