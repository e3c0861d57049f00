// Weights in FP4 with a power of two for 32 columns, as FP8 with one for a block of 128 columns. A thread has half a row of
// 128 x 128; a block of scales is shared by the two threads of a row, or by all. Host side:
// cpp/dispatch/ops/convert/fp4_to_fp8.cpp. CPU twin: cpp/emulation/ops/fp4_to_fp8.cpp.
#pragma once

#include "common/fp4_to_fp8_params.hpp"
#include "ptx/block.cuh"

namespace aotgemm {

// What a thread reads: bytes of two codes, and the scales of both halves of its columns.
struct Fp4HalfRow {
    static constexpr int kBytes = kFp4ToFp8Columns / 2, kGrans = kFp4ToFp8Columns / kFp4Gran;
    uint32_t words[kBytes / 4];
    uint32_t scales[kGrans];
    int bytes;  // that there are

    // first: the row's first byte and gran of the thread.
    __device__ __forceinline__ void load(const Fp4ToFp8Params& params, int64_t group, int64_t row, int64_t first_column) {
        const int64_t left = row < params.rows ? (params.columns - first_column) / 2 : 0;
        bytes = static_cast<int>(left < 0 ? 0 : left < kBytes ? left : kBytes);
        const uint8_t* from = params.packed + group * params.packed_group_stride + row * params.packed_row_stride +
                              first_column / 2;
#pragma unroll
        for (int word = 0; word < kBytes / 4; ++word) {
            words[word] = 0;
#pragma unroll
            for (int i = 0; i < 4; ++i)
                if (word * 4 + i < bytes) words[word] |= static_cast<uint32_t>(from[word * 4 + i]) << (i * 8);
        }
#pragma unroll
        for (int gran = 0; gran < kGrans; ++gran)
            scales[gran] = gran * kFp4Gran < bytes * 2 ? fp4_scale(params, group, row, first_column / kFp4Gran + gran)
                                                       : kUe8m0One;
    }

    __device__ __forceinline__ uint32_t largest_rank() const {
        uint32_t largest = 0;
#pragma unroll
        for (int i = 0; i < kFp4ToFp8Columns; ++i) {  // codes that there are not are 0
            const uint32_t code = words[i / 8] >> (i % 8 * 4) & 15, scale = scales[i / kFp4Gran];
            if ((code & kFp4Magnitude) != 0 && scale != kUe8m0Nan) largest = max(largest, fp4_rank(code, scale));
        }
        return largest;
    }

    // Stores the codes of FP8; how many are not exact.
    __device__ __forceinline__ int32_t store(uint8_t* q, uint32_t block_scale) const {
        int32_t inexact = 0;
#pragma unroll
        for (int i = 0; i < kFp4ToFp8Columns; ++i) {
            if (i >= bytes * 2) break;
            const uint32_t code = words[i / 8] >> (i % 8 * 4) & 15;
            const Fp8OfFp4 made = fp8_in_block(code, scales[i / kFp4Gran], block_scale);
            q[i] = static_cast<uint8_t>(made.code);
            inexact += made.is_exact ? 0 : 1;
        }
        return inexact;
    }
};

__device__ __forceinline__ void fp4_to_fp8(const Fp4ToFp8Params& params) {
    constexpr int kWarps = kFp4ToFp8Threads / 32;
    __shared__ uint32_t largest_of_block;
    __shared__ int32_t inexact_of_warp[kWarps];
    ptx::griddepcontrol_wait();
    ptx::griddepcontrol_launch_dependents();
    const int64_t tiles = (params.columns + kFp8Gran - 1) / kFp8Gran, bands = (params.rows + kFp8Gran - 1) / kFp8Gran;
    const int64_t tile = blockIdx.x % tiles, band = blockIdx.x / tiles % bands, group = blockIdx.x / tiles / bands;
    const int thread = static_cast<int>(threadIdx.x);
    const int64_t row = band * kFp8Gran + thread / 2, column = tile * kFp8Gran + thread % 2 * kFp4ToFp8Columns;
    const bool is_by_row = params.block_rows == 1;
    if (thread == 0) largest_of_block = 0;
    __syncthreads();

    Fp4HalfRow half;
    half.load(params, group, row, column);
    uint32_t largest = half.largest_rank();
    largest = max(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, 1));
    if (!is_by_row) atomicMax(&largest_of_block, largest);
    __syncthreads();
    const uint32_t block_scale = fp8_block_scale(is_by_row ? largest : largest_of_block);

    int32_t inexact = half.store(params.q + group * params.q_group_stride + row * params.q_row_stride + column, block_scale);
    inexact += __shfl_xor_sync(0xFFFFFFFFu, inexact, 1);
    int32_t in_warp = inexact;
#pragma unroll
    for (int distance = 2; distance < 32; distance *= 2) in_warp += __shfl_xor_sync(0xFFFFFFFFu, in_warp, distance);
    if (thread % 32 == 0) inexact_of_warp[thread / 32] = in_warp;
    __syncthreads();
    if (!is_by_row && thread == 0) {
        inexact = 0;
        for (int warp = 0; warp < kWarps; ++warp) inexact += inexact_of_warp[warp];
    }
    if (is_by_row ? thread % 2 != 0 || row >= params.rows : thread != 0) return;
    const int64_t scale_row = is_by_row ? row : band;
    params.sf[group * params.sf_group_stride + scale_row * params.sf_row_stride + tile * params.sf_column_stride] =
        __uint_as_float(block_scale << 23);
    params.inexact[group * params.inexact_group_stride + scale_row * params.inexact_row_stride +
                   tile * params.inexact_column_stride] = inexact;
}

}  // namespace aotgemm
