// The work of a thread block: tiles of rows in splits of K, one after the other. Which block has which tile is a
// function of the grid; no result depends on it.
#pragma once

#include <cstdint>

#include "sm90/tf32_hc_prenorm_gemm/params.hpp"

namespace aotgemm::sm90 {

// A tile of rows in a split. Splits are runs of K blocks as equal as can be, the longer ones first; one may be empty.
struct HcPrenormTile {
    int32_t row, split, first_block, blocks;

    // Tiles that run at the same time are of one split, so that its part of B stays in the L2.
    __device__ __forceinline__ HcPrenormTile(const HcPrenormParams& call, int32_t index) {
        split = index / call.tiles;
        row = (index - split * call.tiles) * call.tile_rows;
        const int32_t blocks_of_all = call.k_blocks / call.splits;
        const int32_t longer = call.k_blocks - blocks_of_all * call.splits;
        first_block = split * blocks_of_all + min(split, longer);
        blocks = blocks_of_all + (split < longer ? 1 : 0);
    }
};

__device__ __forceinline__ int32_t tile_count(const HcPrenormParams& call) { return call.tiles * call.splits; }

// Calls visit(tile) for each tile of this thread block.
template <class Visit>
__device__ __forceinline__ void for_each_tile(const HcPrenormParams& call, const Visit& visit) {
    const int32_t tiles = tile_count(call);
    for (auto index = static_cast<int32_t>(blockIdx.x); index < tiles; index += static_cast<int32_t>(gridDim.x))
        visit(HcPrenormTile(call, index));
}

}  // namespace aotgemm::sm90
