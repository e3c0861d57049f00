// The work of a thread block: items one after the other, and their K blocks as one stream. Which block has which item is
// a function of the grid; no result depends on it.
#pragma once

#include <cstdint>

#include "sm90/tf32_hc_prenorm_gemm/params.hpp"

namespace aotgemm::sm90 {

// A tile of rows in a split. Splits are runs of K blocks as equal as can be, the longer ones first; a split may be empty.
struct PrenormItem {
    int32_t row, split, first_block, blocks;

    // Items that run at the same time are of one split, so that its part of B stays in the L2.
    __device__ __forceinline__ PrenormItem(const HcPrenormParams& params, int32_t index) {
        split = index / params.tiles;
        row = (index - split * params.tiles) * params.tile_rows;
        const int32_t blocks_of_all = params.k_blocks / params.splits;
        const int32_t longer = params.k_blocks - blocks_of_all * params.splits;
        first_block = split * blocks_of_all + min(split, longer);
        blocks = blocks_of_all + (split < longer ? 1 : 0);
    }
};

__device__ __forceinline__ int32_t item_count(const HcPrenormParams& params) { return params.tiles * params.splits; }

// The K blocks of all items of a thread block in order.
struct KBlockStream {
    const HcPrenormParams& params;
    int32_t index;  // of the item
    int32_t row = 0, block = 0;
    int32_t left = 0;  // blocks of the item after this one

    __device__ __forceinline__ explicit KBlockStream(const HcPrenormParams& of)
        : params(of), index(static_cast<int32_t>(blockIdx.x) - static_cast<int32_t>(gridDim.x)) {}

    // Goes on to the next block; false if there is none.
    __device__ __forceinline__ bool next() {
        ++block;
        while (left == 0) {
            index += static_cast<int32_t>(gridDim.x);
            if (index >= item_count(params)) return false;
            const PrenormItem item(params, index);
            row = item.row;
            block = item.first_block;
            left = item.blocks;
        }
        --left;
        return true;
    }
};

}  // namespace aotgemm::sm90
