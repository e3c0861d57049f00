// Arguments of the fp8_gemm_1d1d kernels, shared by host and device.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace aotgemm::sm90 {

struct Fp8Gemm1d1dParams {
    CUtensorMap a, b, sfa, sfb, d;
    CUtensorMap c;  // like d's; C is added to the sums and may be D itself
    int32_t m, n;
    int32_t k_blocks;       // of 128; the TMA fills up the last one with zeros
    int32_t group_m;        // see rasterize
    int32_t b_evict_first;  // whether B is read once and need not stay in the L2
    int32_t adds_c;         // whether there is a C
    // Whether the previous kernel of the stream, or the next one, is for another group of the same call: neither reads
    // what the other writes, and they may overlap.
    int32_t follows_group, precedes_group;
};

}  // namespace aotgemm::sm90
