// Casts of BF16 or FP32 to FP8 E4M3 with one FP32 scale per 1x128 or 128x128 block. Parts, in the order of the data:
//   cast_fp8_params.hpp   arguments and launch shape
//   load_slice            16 bytes of a row for each thread
//   max_of_row, max_of_thread_block   the largest magnitude of a block, per token or per 128x128
//   fp8_scale.cuh         the block's scale, and E4M3 codes
//   store_slice           the codes, to q
// Host side: cpp/dispatch/ops/convert/cast_fp8.cpp. CPU twin: cpp/emulation/ops/cast_fp8.cpp.
#pragma once

#include "common/cast_fp8_params.hpp"
#include "common/fp8_scale.cuh"
#include "common/static_for.cuh"
#include "ptx/block.cuh"

namespace aotgemm {

// 16 bytes of one row, held by a thread.
template <class Input>
struct CastSlice {
    static constexpr int kElements = kCastFp8LoadBytes / sizeof(Input);
    static constexpr int kThreadsPerRow = kCastFp8BlockK / kElements;
    static constexpr int kRowsPerPass = cast_fp8_rows_per_pass(sizeof(Input));
    static constexpr int kWords = kCastFp8LoadBytes / 4;
    alignas(kCastFp8LoadBytes) uint32_t words[kWords];

    template <int kIndex>
    __device__ __forceinline__ float element() const {
        if constexpr (sizeof(Input) == 4) return __uint_as_float(words[kIndex]);
        return __uint_as_float(kIndex % 2 ? words[kIndex / 2] & 0xFFFF0000u : words[kIndex / 2] << 16);
    }

    // The element must be zero.
    template <int kIndex>
    __device__ __forceinline__ void set_element(Input value) {
        if constexpr (sizeof(Input) == 4) {
            words[kIndex] = __float_as_uint(value);
        } else {
            words[kIndex / 2] |= uint32_t{value.bits} << (kIndex % 2 * 16);
        }
    }
};

// Whether the kernel can read all of x and write all of q in whole slices; the same for all threads.
template <class Input>
__device__ __forceinline__ bool slices_are_whole(const CastFp8Params& params) {
    constexpr int kElements = CastSlice<Input>::kElements;
    const uint64_t x = reinterpret_cast<uint64_t>(params.x) | params.x_row_stride * sizeof(Input);
    const uint64_t q = reinterpret_cast<uint64_t>(params.q) | static_cast<uint64_t>(params.q_row_stride);
    return x % kCastFp8LoadBytes == 0 && q % kElements == 0 && params.columns % kElements == 0;
}

// Loads a slice, zero outside the matrix: zeros do not change a block's largest magnitude.
template <class Input, bool kWhole>
__device__ __forceinline__ CastSlice<Input> load_slice(const CastFp8Params& params, int64_t row, int64_t column) {
    CastSlice<Input> slice = {};
    if (row >= params.rows || column >= params.columns) return slice;
    const Input* x = static_cast<const Input*>(params.x) + row * params.x_row_stride + column;
    if constexpr (kWhole) {
        *reinterpret_cast<uint4*>(slice.words) = *reinterpret_cast<const uint4*>(x);
    } else {
        static_for<CastSlice<Input>::kElements>([&](auto i) {
            if (column + i < params.columns) slice.template set_element<i>(x[i]);
        });
    }
    return slice;
}

template <class Input>
__device__ __forceinline__ uint32_t largest_magnitude_bits(const CastSlice<Input>& slice) {
    uint32_t largest = 0;
    static_for<CastSlice<Input>::kElements>([&](auto i) {
        largest = max(largest, __float_as_uint(slice.template element<i>()) & 0x7FFFFFFFu);
    });
    return largest;
}

template <class Input, bool kWhole>
__device__ __forceinline__ void store_slice(const CastFp8Params& params, const CastSlice<Input>& slice, float inverse,
                                            int64_t row, int64_t column) {
    constexpr int kElements = CastSlice<Input>::kElements;
    if (row >= params.rows || column >= params.columns) return;
    uint32_t codes[kElements / 4] = {};
    static_for<kElements / 2>([&](auto pair) {
        codes[pair / 2] |= fp8_pair(__fmul_rn(slice.template element<2 * pair>(), inverse),
                                    __fmul_rn(slice.template element<2 * pair + 1>(), inverse))
                           << (pair % 2 * 16);
    });
    uint8_t* q = params.q + row * params.q_row_stride + column;
    if constexpr (kWhole && kElements == 8) {
        *reinterpret_cast<uint2*>(q) = make_uint2(codes[0], codes[1]);
    } else if constexpr (kWhole) {
        *reinterpret_cast<uint32_t*>(q) = codes[0];
    } else {
#pragma unroll
        for (int i = 0; i < kElements; ++i)
            if (column + i < params.columns) q[i] = static_cast<uint8_t>(codes[i / 4] >> (i % 4 * 8));
    }
}

// The largest value among the threads of one row: a whole warp for FP32, half of one for BF16.
template <int kThreads>
__device__ __forceinline__ uint32_t max_of_row(uint32_t value) {
#pragma unroll
    for (int distance = kThreads / 2; distance > 0; distance /= 2)
        value = max(value, __shfl_xor_sync(0xFFFFFFFFu, value, distance));
    return value;
}

// The largest value among all threads of the block. Also a barrier, and `shared` may be used again after it.
__device__ __forceinline__ uint32_t max_of_thread_block(uint32_t value, uint32_t& shared) {
    if (threadIdx.x == 0) shared = 0;
    __syncthreads();
    const uint32_t warp_max = __reduce_max_sync(0xFFFFFFFFu, value);
    if (threadIdx.x % 32 == 0) atomicMax(&shared, warp_max);
    __syncthreads();
    const uint32_t result = shared;
    __syncthreads();
    return result;
}

template <class Input, bool kWhole>
__device__ __forceinline__ void cast_tokens(const CastFp8Params& params, int64_t first_row) {
    using Slice = CastSlice<Input>;
    const int lane = static_cast<int>(threadIdx.x) % Slice::kThreadsPerRow;
    const int64_t row = first_row + static_cast<int>(threadIdx.x) / Slice::kThreadsPerRow;
    const int64_t column = int64_t{blockIdx.x} * kCastFp8BlockK + lane * Slice::kElements;
    const Slice slice = load_slice<Input, kWhole>(params, row, column);
    const uint32_t amax = max_of_row<Slice::kThreadsPerRow>(largest_magnitude_bits(slice));
    const float scale = fp8_scale(amax, params.use_ue8m0);
    store_slice<Input, kWhole>(params, slice, __fdiv_rn(1.0f, scale), row, column);
    if (lane == 0 && row < params.rows)
        params.sf[row * params.sf_row_stride + int64_t{blockIdx.x} * params.sf_column_stride] = scale;
}

template <class Input, bool kWhole, int kBlockRows>
__device__ __forceinline__ void cast_block(const CastFp8Params& params, int64_t first_row, uint32_t& shared) {
    using Slice = CastSlice<Input>;
    constexpr int kPasses = kBlockRows / Slice::kRowsPerPass;
    const int64_t row = first_row + static_cast<int>(threadIdx.x) / Slice::kThreadsPerRow;
    const int64_t column = int64_t{blockIdx.x} * kCastFp8BlockK +
                           static_cast<int>(threadIdx.x) % Slice::kThreadsPerRow * Slice::kElements;
    // All loads before the first use, so that they are in flight together.
    Slice slices[kPasses];
#pragma unroll
    for (int i = 0; i < kPasses; ++i)
        slices[i] = load_slice<Input, kWhole>(params, row + i * Slice::kRowsPerPass, column);
    uint32_t amax = 0;
#pragma unroll
    for (int i = 0; i < kPasses; ++i) amax = max(amax, largest_magnitude_bits(slices[i]));
    const float scale = fp8_scale(max_of_thread_block(amax, shared), params.use_ue8m0);
    const float inverse = __fdiv_rn(1.0f, scale);
#pragma unroll
    for (int i = 0; i < kPasses; ++i)
        store_slice<Input, kWhole>(params, slices[i], inverse, row + i * Slice::kRowsPerPass, column);
    if (threadIdx.x != 0) return;
    params.sf[first_row / kBlockRows * params.sf_row_stride + int64_t{blockIdx.x} * params.sf_column_stride] = scale;
}

template <class Input, bool kWhole, int kBlockRows>
__device__ __forceinline__ void cast_bands(const CastFp8Params& params, uint32_t& shared) {
    constexpr int kBand = kBlockRows == 1 ? CastSlice<Input>::kRowsPerPass : kBlockRows;
    // A thread block loops where there are more bands than the grid's y dimension holds.
    for (int64_t row = int64_t{blockIdx.y} * kBand; row < params.rows; row += int64_t{gridDim.y} * kBand) {
        if constexpr (kBlockRows == 1) {
            cast_tokens<Input, kWhole>(params, row);
        } else {
            cast_block<Input, kWhole, kBlockRows>(params, row, shared);
        }
    }
}

// Input is Bf16 or float; kBlockRows is 1 (per token) or 128 (per block).
template <class Input, int kBlockRows>
__device__ __forceinline__ void cast_fp8(const CastFp8Params& params) {
    static_assert(kBlockRows == 1 || kBlockRows == 128);
    __shared__ uint32_t shared;
    ptx::griddepcontrol_wait();
    ptx::griddepcontrol_launch_dependents();
    if (slices_are_whole<Input>(params)) {
        cast_bands<Input, true, kBlockRows>(params, shared);
    } else {
        cast_bands<Input, false, kBlockRows>(params, shared);
    }
}

}  // namespace aotgemm
