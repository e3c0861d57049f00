// Casts to FP8 E4M3 with one FP32 scale for gran x gran elements, or for gran rows of a column. Parts, in the order of
// the data:
//   cast_blocks_params.hpp  arguments and launch shape
//   CastTile                a thread's part of 128 rows and columns
//   share_largest           the largest magnitude of each block, in shared memory
//   block_scale.cuh         the block's scale, and codes
// Host side: cpp/dispatch/ops/convert/cast_blocks.cpp. CPU twin: cpp/emulation/ops/cast_blocks.cpp.
#pragma once

#include "common/block_scale.cuh"
#include "common/cast_blocks_params.hpp"
#include "common/cast_format.cuh"
#include "common/cast_slice.cuh"
#include "ptx/block.cuh"

namespace aotgemm {

enum class BlockScaling { block, channel };

// Scales of one tile: a row of blocks, by column; per block, the first columns are used.
template <int kGran>
using LargestOfTile = uint32_t[kCastBlocksTile / kGran][kCastBlocksTile];

// A thread's part of a tile: kPasses rows, one slice of each.
template <class Input>
struct CastTile {
    using Slice = CastSlice<Input>;
    static constexpr int kElements = Slice::kElements;
    static constexpr int kThreadsPerRow = kCastBlocksTile / kElements;
    static constexpr int kPasses = kCastBlocksTile / (kCastBlocksThreads / kThreadsPerRow);
    Slice slices[kPasses];
    int row, column;           // inside the tile
    int64_t rows, columns;     // of the matrix, from the part's first on
    int64_t first_row, first_column;

    __device__ __forceinline__ explicit CastTile(const CastBlocksParams& params) {
        const int64_t tiles = (params.columns + kCastBlocksTile - 1) / kCastBlocksTile;
        row = static_cast<int>(threadIdx.x) / kThreadsPerRow * kPasses;
        column = static_cast<int>(threadIdx.x) % kThreadsPerRow * kElements;
        first_row = blockIdx.x / tiles * kCastBlocksTile + row;
        first_column = blockIdx.x % tiles * kCastBlocksTile + column;
        rows = params.rows - first_row;
        columns = params.columns - first_column;
    }

    // All loads before the first use, so that they are in flight together.
    template <bool kWhole>
    __device__ __forceinline__ void load(const CastBlocksParams& params) {
        const Input* x = static_cast<const Input*>(params.x) + first_row * params.x_row_stride + first_column;
#pragma unroll
        for (int i = 0; i < kPasses; ++i)
            slices[i] = load_slice<Input, kWhole>(x + i * params.x_row_stride, i < rows ? columns : 0);
    }

    // inverse(i): of the scale of the slice's element i.
    template <bool kWhole, class Inverse>
    __device__ __forceinline__ void store(const CastBlocksParams& params, const Inverse& inverse) const {
        uint8_t* q = params.q + first_row * params.q_row_stride + first_column;
#pragma unroll
        for (int i = 0; i < kPasses; ++i) {
            uint32_t codes[kElements / 4] = {};
            static_for<kElements / 2>([&](auto pair) {
                codes[pair / 2] |= fp8_pair(__fmul_rn(slices[i].template element<2 * pair>(), inverse(2 * pair)),
                                            __fmul_rn(slices[i].template element<2 * pair + 1>(), inverse(2 * pair + 1)))
                                   << (pair % 2 * 16);
            });
            store_codes<kElements, kWhole>(q + i * params.q_row_stride, codes, i < rows ? columns : 0);
        }
    }

    // The largest magnitude, as bits, of element kIndex of all slices.
    template <int kIndex>
    __device__ __forceinline__ uint32_t largest() const {
        uint32_t bits = 0;
#pragma unroll
        for (int i = 0; i < kPasses; ++i)
            bits = max(bits, __float_as_uint(slices[i].template element<kIndex>()) & 0x7FFFFFFFu);
        return bits;
    }
};

// Leaves the largest magnitude of every block in `shared`, for all threads to read.
template <BlockScaling kScaling, int kGran, class Input>
__device__ __forceinline__ void share_largest(const CastTile<Input>& tile, LargestOfTile<kGran>& shared) {
    using Tile = CastTile<Input>;
    constexpr int kCells = sizeof(shared) / sizeof(uint32_t);
    for (int i = static_cast<int>(threadIdx.x); i < kCells; i += kCastBlocksThreads) (&shared[0][0])[i] = 0;
    __syncthreads();
    auto& row = shared[tile.row / kGran];
    if constexpr (kScaling == BlockScaling::channel) {
        // Element by element: neighbouring threads meet neighbouring banks.
        static_for<Tile::kElements>([&](auto i) {
            atomicMax(&row[i * Tile::kThreadsPerRow + tile.column / Tile::kElements], tile.template largest<i>());
        });
    } else {
        uint32_t largest = 0;
        static_for<Tile::kElements>([&](auto i) { largest = max(largest, tile.template largest<i>()); });
#pragma unroll
        for (int distance = kGran / Tile::kElements / 2; distance > 0; distance /= 2)
            largest = max(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, distance));
        if (tile.column % kGran == 0) atomicMax(&row[tile.column / kGran], largest);
    }
    __syncthreads();
}

// Casts with the scale that `largest(i)` of the slice's element i gives, and stores those scales whose first row and
// column the thread holds.
template <BlockScaling kScaling, int kGran, bool kWhole, class Input>
__device__ __forceinline__ void cast_tile(const CastBlocksParams& params, LargestOfTile<kGran>& shared) {
    using Tile = CastTile<Input>;
    constexpr int kScales = kScaling == BlockScaling::channel ? Tile::kElements : 1;
    Tile tile(params);
    tile.template load<kWhole>(params);
    share_largest<kScaling, kGran>(tile, shared);
    const auto& row = shared[tile.row / kGran];
    float* sf = params.sf + tile.first_row / kGran * params.sf_row_stride;
    float inverse[kScales];
    static_for<kScales>([&](auto i) {
        const int cell = kScaling == BlockScaling::channel ? i * Tile::kThreadsPerRow + tile.column / Tile::kElements
                                                           : tile.column / kGran;
        const float scale = block_scale(row[cell], Fp8::kLargest, params.use_ue8m0);
        inverse[i] = __fdiv_rn(1.0f, scale);
        const bool is_first = tile.row % kGran == 0 && (kScaling == BlockScaling::channel || tile.column % kGran == 0);
        const int64_t column = kScaling == BlockScaling::channel ? tile.first_column + i : tile.first_column / kGran;
        if (is_first && tile.rows > 0 && i < tile.columns) sf[column * params.sf_column_stride] = scale;
    });
    tile.template store<kWhole>(params, [&](int i) { return inverse[kScales == 1 ? 0 : i]; });
}

template <class Input>
__device__ __forceinline__ bool blocks_are_whole(const CastBlocksParams& params) {
    constexpr int kElements = CastSlice<Input>::kElements;
    const uint64_t x = reinterpret_cast<uint64_t>(params.x) | params.x_row_stride * sizeof(Input);
    const uint64_t q = reinterpret_cast<uint64_t>(params.q) | static_cast<uint64_t>(params.q_row_stride);
    return x % kSliceBytes == 0 && q % kElements == 0 && params.columns % kElements == 0;
}

// Input is Bf16 or float.
template <class Input, BlockScaling kScaling>
__device__ __forceinline__ void cast_blocks(const CastBlocksParams& params) {
    __shared__ LargestOfTile<32> shared;
    auto& shared_128 = reinterpret_cast<LargestOfTile<128>&>(shared);
    ptx::griddepcontrol_wait();
    ptx::griddepcontrol_launch_dependents();
    const bool is_whole = blocks_are_whole<Input>(params);
    if (params.gran == 32) {
        if (is_whole) return cast_tile<kScaling, 32, true, Input>(params, shared);
        return cast_tile<kScaling, 32, false, Input>(params, shared);
    }
    if (is_whole) return cast_tile<kScaling, 128, true, Input>(params, shared_128);
    cast_tile<kScaling, 128, false, Input>(params, shared_128);
}

}  // namespace aotgemm
