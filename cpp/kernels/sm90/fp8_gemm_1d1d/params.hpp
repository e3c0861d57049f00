// Arguments of the fp8_1d1d kernels, filled by cpp/dispatch/fp8_1d1d_launch.cpp.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace aotgemm::sm90 {

struct Fp8Gemm1d1dParams {
    CUtensorMap a, b, sfa, sfb, d;
    CUtensorMap c;  // like d's, of what is added to the sums; it may be D itself
    int32_t m, n;
    int32_t k_blocks;  // of 128, the last one filled up with zeros by the TMA
    int32_t group_m;    // see rasterize
    int32_t b_evict_first;  // B is read once: it need not stay in the L2
    int32_t adds_c;    // whether there is a C
    // Whether the kernel before this one in the stream, or after it, is for another group of the same call: neither reads
    // what the other writes, and they may run side by side.
    int32_t follows_group, precedes_group;
};

}  // namespace aotgemm::sm90
