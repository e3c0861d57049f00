// Copies scales of any strides to the MN-major layout that the TMA reads. Parts, in the order of the data:
//   transpose_sf_params.hpp   arguments and launch shape
//   load_sf_tile              a tile of scales to shared memory, along its smaller stride
//   store_sf_tile             the tile to out, along MN
// Host side: cpp/dispatch/ops/convert/transpose_sf.cpp. CPU twin: cpp/emulation/ops/transpose_sf.cpp.
#pragma once

#include "common/transpose_sf_params.hpp"
#include "ptx/block.cuh"

namespace aotgemm {

// The tile of sf that one thread block copies.
struct SfTile {
    const float* sf;
    float* out;
    int rows, columns;  // along mn and k, inside the tensor
};

__device__ __forceinline__ SfTile sf_tile_of_block(const TransposeSfParams& params) {
    const int64_t tiles_k = sf_tiles_k(params), tiles_mn = sf_tiles_mn(params);
    const int64_t index = blockIdx.x;
    const int64_t k = index % tiles_k * kSfTileK;  // k fastest: neighbouring blocks share rows of a K-major input
    const int64_t mn = index / tiles_k % tiles_mn * kSfTileMn;
    const int64_t group = index / tiles_k / tiles_mn;
    return {params.sf + group * params.group_stride + mn * params.mn_stride + k * params.k_stride,
            params.out + (group * params.k + k) * params.out_leading + mn,
            static_cast<int>(min(int64_t{kSfTileMn}, params.mn - mn)),
            static_cast<int>(min(int64_t{kSfTileK}, params.k - k))};
}

// A thread's positions in a tile, kTransposeSfThreads apart along the inner dimension. The carry replaces a division.
struct TileWalk {
    int inner_size, outer_step, inner_step;
    int outer, inner;

    __device__ __forceinline__ explicit TileWalk(int size)
        : inner_size(size),
          outer_step(kTransposeSfThreads / size),
          inner_step(kTransposeSfThreads % size),
          outer(static_cast<int>(threadIdx.x) / size),
          inner(static_cast<int>(threadIdx.x) % size) {}

    __device__ __forceinline__ void advance() {
        outer += outer_step;
        inner += inner_step;
        if (inner >= inner_size) {
            inner -= inner_size;
            ++outer;
        }
    }
};

inline constexpr int kSfPerThread = kSfTileMn * kSfTileK / kTransposeSfThreads;
using SfSharedTile = float[kSfTileK][kSfTileMn + 1];  // the odd pitch keeps both directions free of bank conflicts

// Neighbouring threads read along the dimension of the smaller stride, so that loads coalesce in both major orders.
template <bool kInnerIsK>
__device__ __forceinline__ void load_sf_tile(const TransposeSfParams& params, const SfTile& tile,
                                             SfSharedTile& shared) {
    TileWalk walk(kInnerIsK ? tile.columns : tile.rows);
    const int outer_size = kInnerIsK ? tile.rows : tile.columns;
#pragma unroll
    for (int i = 0; i < kSfPerThread; ++i) {
        const int mn = kInnerIsK ? walk.outer : walk.inner;
        const int k = kInnerIsK ? walk.inner : walk.outer;
        if (walk.outer < outer_size) shared[k][mn] = tile.sf[mn * params.mn_stride + k * params.k_stride];
        walk.advance();
    }
}

__device__ __forceinline__ void store_sf_tile(const TransposeSfParams& params, const SfTile& tile,
                                              const SfSharedTile& shared) {
    const int mn = static_cast<int>(threadIdx.x) % kSfTileMn;
    if (mn >= tile.rows) return;
    for (int k = static_cast<int>(threadIdx.x) / kSfTileMn; k < tile.columns; k += kTransposeSfThreads / kSfTileMn)
        tile.out[k * params.out_leading + mn] = shared[k][mn];
}

// Writes the first mn rows of every column of out alone: the padding stays as it is.
__device__ __forceinline__ void transpose_sf(const TransposeSfParams& params) {
    __shared__ SfSharedTile shared;
    ptx::griddepcontrol_wait();
    ptx::griddepcontrol_launch_dependents();
    const SfTile tile = sf_tile_of_block(params);
    if (params.k_stride < params.mn_stride) {
        load_sf_tile<true>(params, tile, shared);
    } else {
        load_sf_tile<false>(params, tile, shared);
    }
    __syncthreads();
    store_sf_tile(params, tile, shared);
}

}  // namespace aotgemm
