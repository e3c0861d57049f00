// Casts to FP8 E4M3 or FP4 E2M1 with a scale for each row and 32 or 128 columns. Parts, in the order of the data:
//   cast_rows_params.hpp  arguments and launch shape
//   live_rows.cuh         which rows count
//   cast_source.cuh       16 bytes of a row for each thread, of several rows at once; SwiGLU
//   block_scale.cuh       the block's scale
//   cast_format.cuh       codes of FP8 and FP4
//   max_by_row            the largest magnitudes; a lane has that of one row, so that a scale is computed once
//   ScaleStore            the scales, FP32 or packed UE8M0
// Host side: cpp/dispatch/ops/convert/cast_rows.cpp. CPU twin: cpp/emulation/ops/cast_rows.cpp.
#pragma once

#include "common/block_scale.cuh"
#include "common/cast_format.cuh"
#include "common/cast_rows_params.hpp"
#include "common/cast_source.cuh"
#include "common/live_rows.cuh"
#include "ptx/block.cuh"

namespace aotgemm {

// Each of kLanes neighbouring lanes has a value of kRows rows, both powers of two; lane i gets the largest one of row
// i % kRows. Halves of the lanes exchange halves of the rows, so that a row costs less than a shuffle a step.
template <int kLanes, int kRows>
__device__ __forceinline__ uint32_t max_by_row(const uint32_t (&values)[kRows], int lane, int distance = 1) {
    if constexpr (kRows > 1) {
        uint32_t halves[kRows / 2];
        const bool is_odd = (lane & distance) != 0;
#pragma unroll
        for (int i = 0; i < kRows / 2; ++i) {
            const uint32_t given = is_odd ? values[2 * i] : values[2 * i + 1];
            const uint32_t kept = is_odd ? values[2 * i + 1] : values[2 * i];
            halves[i] = max(kept, __shfl_xor_sync(0xFFFFFFFFu, given, distance));
        }
        return max_by_row<kLanes / 2, kRows / 2>(halves, lane, distance * 2);
    } else {
        uint32_t largest = values[0];
#pragma unroll
        for (int step = 1; step < kLanes; step *= 2)
            largest = max(largest, __shfl_xor_sync(0xFFFFFFFFu, largest, distance * step));
        return largest;
    }
}

// What becomes of the scales of a thread's rows: lane i of a block has that of row i % kRows, and lanes below kRows write.
// Packed scales leave as whole words, which no other thread block touches.
template <int kLanes, int kRows>
class ScaleStore {
public:
    // The scale of column `block` of sf, for rows from `first` of a group on of which bit i of `rows` is set.
    __device__ __forceinline__ void store(const CastRowsParams& params, float scale, uint32_t rows, int64_t group,
                                          int32_t first, int32_t block) const {
        if (!writes(rows) || block >= params.blocks) return;
        static_cast<float*>(params.sf)[offset(params, group, first) + block * params.sf_column_stride] = scale;
    }

    // The exponent becomes the byte of that block in its word.
    __device__ __forceinline__ void pack(const CastRowsParams& params, float scale, int32_t block) {
        const uint32_t exponent = block < params.blocks ? __float_as_uint(scale) >> 23 : params.pad_exponent;
        word_ |= exponent << (block % 4 * 8);
    }

    // The word of four blocks, `block` among them. kBlocksInRow: how many of them lie side by side in a row of threads.
    template <int kBlocksInRow>
    __device__ __forceinline__ void store_word(const CastRowsParams& params, uint32_t rows, int64_t group, int32_t first,
                                               int32_t block) {
#pragma unroll
        for (int distance = kLanes; distance < kLanes * kBlocksInRow; distance *= 2)
            word_ |= __shfl_xor_sync(0xFFFFFFFFu, word_, distance);
        if (!writes(rows) || (kBlocksInRow > 1 && block % 4 != 0)) return;
        static_cast<uint32_t*>(params.sf)[offset(params, group, first) + block / 4 * params.sf_column_stride] = word_;
    }

private:
    static __device__ __forceinline__ int lane() { return static_cast<int>(threadIdx.x) % kLanes; }
    static __device__ __forceinline__ bool writes(uint32_t rows) { return lane() < kRows && (rows >> lane() & 1) != 0; }
    static __device__ __forceinline__ int64_t offset(const CastRowsParams& params, int64_t group, int32_t first) {
        return group * params.sf_group_stride + (first + lane()) * params.sf_row_stride;
    }

    uint32_t word_ = 0;
};

// Casts one slice of each of a thread's rows, of which `live` says which count; x and q: of the first one's. Returns the
// scale of row i % kRows to lane i of a block.
template <class Source, class Format, bool kWhole, int kLanes, int kRows>
__device__ __forceinline__ float cast_slices(const CastRowsParams& params, const typename Source::Input* x, uint8_t* q,
                                             int32_t columns_left, uint32_t live) {
    constexpr int kElements = Source::kElements, kOutBytes = kElements * Format::kBits / 8;
    // All loads before the first use, so that they are in flight together.
    Source rows[kRows];
#pragma unroll
    for (int i = 0; i < kRows; ++i)
        rows[i].template load<kWhole>(x + i * params.x_row_stride, live >> i & 1 ? columns_left : 0, params.columns);
    float values[kRows][kElements];
    uint32_t largest[kRows];
    static_for<kRows>([&](auto i) {
        rows[i].values(values[i], params.limit);
        largest[i] = rows[i].largest(values[i]);
    });
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const float scale = block_scale(max_by_row<kLanes>(largest, lane), Format::kLargest, params.use_ue8m0);
    const float inverse_of_lane = __fdiv_rn(1.0f, scale);
    static_for<kRows>([&](auto i) {
        const float inverse = __shfl_sync(0xFFFFFFFFu, inverse_of_lane, i, kRows);
        uint32_t codes[(kOutBytes + 3) / 4];
        Format::encode(values[i], inverse, codes);
        const int32_t bytes = live >> i & 1 ? columns_left * Format::kBits / 8 : 0;
        store_codes<kOutBytes, kWhole>(q + i * params.q_row_stride, codes, bytes);
    });
    return scale;
}

// Where a thread works: the first of its rows and of its columns, in a group.
struct CastRowsPlace {
    int64_t group;
    int32_t row, column;
};

template <class Source, class Format, int kGran, bool kWhole>
__device__ __forceinline__ void cast_rows_of_thread(const CastRowsParams& params, const CastRowsPlace& place,
                                                    uint32_t live) {
    constexpr int kLanes = kGran / Source::kElements, kRows = cast_rows_per_thread(Source::kIsSiluMul);
    const auto* x = static_cast<const typename Source::Input*>(params.x) + place.group * params.x_group_stride +
                    place.row * params.x_row_stride + place.column;
    uint8_t* q = params.q + place.group * params.q_group_stride + place.row * params.q_row_stride +
                 place.column * Format::kBits / 8;
    ScaleStore<kLanes, kRows> scales;
    int32_t column = place.column;
    for (int i = 0; i < params.tiles_per_block; ++i) {
        const float scale =
            cast_slices<Source, Format, kWhole, kLanes, kRows>(params, x, q, params.columns - column, live);
        if (params.is_packed) {
            scales.pack(params, scale, column / kGran);
        } else {
            scales.store(params, scale, live, place.group, place.row, column / kGran);
        }
        x += kCastRowsColumns;
        q += kCastRowsColumns * Format::kBits / 8;
        column += kCastRowsColumns;
    }
    if (!params.is_packed) return;
    scales.template store_word<kCastRowsColumns / kGran>(params, live, place.group, place.row,
                                                         (column - kCastRowsColumns) / kGran);
}

template <class Source, class Format, int kGran, bool kWhole>
__device__ __forceinline__ void cast_rows_of_block(const CastRowsParams& params) {
    constexpr int kElementBytes = sizeof(typename Source::Input), kPerRow = cast_rows_threads_per_row(kElementBytes);
    const int32_t tile = params.groups > 1 ? blockIdx.x % params.blocks_of_group : blockIdx.x;
    CastRowsPlace place;
    place.group = params.groups > 1 ? blockIdx.x / params.blocks_of_group : 0;
    place.column = tile * params.tiles_per_block * kCastRowsColumns +
                   static_cast<int>(threadIdx.x) % kPerRow * Source::kElements;
    const auto end = static_cast<int32_t>(end_of_live_rows(params.live, place.group, params.rows));
    const int32_t band = cast_rows_band(kElementBytes, params.rows_per_thread);
    const int32_t inside = static_cast<int>(threadIdx.x) / kPerRow * params.rows_per_thread;
    for (int64_t row = int64_t{blockIdx.y} * band; row < end; row += int64_t{gridDim.y} * band) {
        place.row = static_cast<int32_t>(row) + inside;
        cast_rows_of_thread<Source, Format, kGran, kWhole>(
            params, place, live_mask(params.live, place.row, params.rows_per_thread, end));
    }
}

// Source: MatrixSource<Bf16 or float> or SiluMulSource; Format: Fp8 or Fp4.
template <class Source, class Format>
__device__ __forceinline__ void cast_rows(const CastRowsParams& params) {
    ptx::griddepcontrol_wait();
    ptx::griddepcontrol_launch_dependents();
    if (params.gran == 32) {
        if (params.is_whole) return cast_rows_of_block<Source, Format, 32, true>(params);
        return cast_rows_of_block<Source, Format, 32, false>(params);
    }
    if (params.is_whole) return cast_rows_of_block<Source, Format, 128, true>(params);
    cast_rows_of_block<Source, Format, 128, false>(params);
}

}  // namespace aotgemm
