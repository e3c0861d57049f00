// Packed FP4 codes with rows and columns exchanged, a tile by way of shared memory. Host side:
// cpp/dispatch/ops/convert/transpose_fp4.cpp. CPU twin: cpp/emulation/ops/transpose_fp4.cpp.
#pragma once

#include "common/transpose_fp4_params.hpp"
#include "ptx/block.cuh"

namespace aotgemm {

// Four bytes of two rows of out, of eight rows of one column of in.
struct Fp4Words {
    uint32_t first, second;
};

// count: pairs of rows that there are, of which the first begins at `in`; the others are 0.
__device__ __forceinline__ Fp4Words transposed_words(const uint8_t* in, int64_t row_stride, int64_t count) {
    Fp4Words words{0, 0};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
        if (i >= count) break;
        const Fp4Square square = transposed(in[i * 2 * row_stride], in[(i * 2 + 1) * row_stride]);
        words.first |= static_cast<uint32_t>(square.first) << (i * 8);
        words.second |= static_cast<uint32_t>(square.second) << (i * 8);
    }
    return words;
}

__device__ __forceinline__ void transpose_fp4(const TransposeFp4Params& params) {
    constexpr int kTile = kTransposeFp4Tile, kWords = kTile / 4;
    static_assert(kTransposeFp4Threads == kTile * kWords);
    __shared__ uint32_t tile[2 * kTile][kWords + 1];  // rows of out; the padding keeps a column's stores in other banks
    ptx::griddepcontrol_wait();
    ptx::griddepcontrol_launch_dependents();
    const int64_t tiles = (params.bytes + kTile - 1) / kTile;
    const int64_t first_pair = blockIdx.x / tiles * kTile, first_byte = blockIdx.x % tiles * kTile;
    const int lane = static_cast<int>(threadIdx.x) % kTile, word = static_cast<int>(threadIdx.x) / kTile;
    const int64_t pair = first_pair + word * 4;
    const bool has_byte = first_byte + lane < params.bytes;
    const Fp4Words words = transposed_words(params.in + pair * 2 * params.in_row_stride + first_byte + lane,
                                            params.in_row_stride, has_byte ? params.pairs - pair : 0);
    tile[lane * 2][word] = words.first;
    tile[lane * 2 + 1][word] = words.second;
    __syncthreads();
    for (int row = word; row < 2 * kTile; row += kWords) {
        if (first_byte * 2 + row >= params.bytes * 2 || first_pair + lane >= params.pairs) continue;
        params.out[(first_byte * 2 + row) * params.out_row_stride + first_pair + lane] =
            static_cast<uint8_t>(tile[row][lane / 4] >> (lane % 4 * 8));
    }
}

}  // namespace aotgemm
