// Arguments and launch shape of transpose_sf, shared by host and device.
#pragma once

#include <cstdint>

#include "common/host_device.hpp"

namespace aotgemm {

// sf [groups, mn, k] of any strides -> out of strides (out_leading * k, 1, out_leading). Strides count elements.
struct TransposeSfParams {
    const float* sf;
    float* out;
    int64_t groups, mn, k;
    int64_t group_stride, mn_stride, k_stride;  // of sf
    int64_t out_leading;                        // mn rounded up to a multiple of 4
};

inline constexpr int kTransposeSfThreads = 256;
inline constexpr int kSfTileMn = 64;
inline constexpr int kSfTileK = 32;

AOTGEMM_HOST_DEVICE constexpr int64_t sf_tiles_mn(const TransposeSfParams& params) {
    return (params.mn + kSfTileMn - 1) / kSfTileMn;
}
AOTGEMM_HOST_DEVICE constexpr int64_t sf_tiles_k(const TransposeSfParams& params) {
    return (params.k + kSfTileK - 1) / kSfTileK;
}

// Launch: kTransposeSfThreads threads, this many blocks (one dimension), no dynamic shared memory. 0: nothing to do.
constexpr int64_t transpose_sf_blocks(const TransposeSfParams& params) {
    return params.groups * sf_tiles_mn(params) * sf_tiles_k(params);
}

}  // namespace aotgemm
