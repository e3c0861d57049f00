// The K blocks of a thread block's tiles as one stream.
#pragma once

#include <cstdint>

#include "sm90/tf32_hc_prenorm_gemm/params.hpp"
#include "sm90/tf32_hc_prenorm_gemm/tiles.cuh"

namespace aotgemm::sm90 {

// In the order of the tiles.
struct KBlockStream {
    const HcPrenormParams& params;
    int32_t index;  // of the tile
    int32_t row = 0, block = 0;
    int32_t left = 0;  // blocks of the tile after this one

    __device__ __forceinline__ explicit KBlockStream(const HcPrenormParams& of)
        : params(of), index(static_cast<int32_t>(blockIdx.x) - static_cast<int32_t>(gridDim.x)) {}

    // Goes on to the next block; false if there is none.
    __device__ __forceinline__ bool next() {
        ++block;
        while (left == 0) {
            index += static_cast<int32_t>(gridDim.x);
            if (index >= tile_count(params)) return false;
            const HcPrenormTile tile(params, index);
            row = tile.row;
            block = tile.first_block;
            left = tile.blocks;
        }
        --left;
        return true;
    }
};

}  // namespace aotgemm::sm90
