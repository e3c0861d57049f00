// Casts to FP8 E4M3 or FP4 E2M1 with a scale for each row and 32 or 128 columns. Parts, in the order of the data:
//   cast_rows_params.hpp  arguments and launch shape
//   live_rows.cuh         which rows count
//   cast_source.cuh       16 bytes of a row for each thread, of several rows at once; SwiGLU
//   block_scale.cuh       the block's scale, and codes
//   ScaleStore            the scales, FP32 or packed UE8M0
// Host side: cpp/dispatch/ops/convert/cast_rows.cpp. CPU twin: cpp/emulation/ops/cast_rows.cpp.
#pragma once

#include "common/block_scale.cuh"
#include "common/cast_rows_params.hpp"
#include "common/cast_source.cuh"
#include "common/live_rows.cuh"
#include "ptx/block.cuh"

namespace aotgemm {

// The largest magnitude among kLanes neighbouring lanes.
template <int kLanes>
__device__ __forceinline__ uint32_t max_of_lanes(uint32_t value) {
#pragma unroll
    for (int distance = kLanes / 2; distance > 0; distance /= 2)
        value = max(value, __shfl_xor_sync(0xFFFFFFFFu, value, distance));
    return value;
}

// The scales of a thread's rows. All lanes of a block know each scale; lane i keeps those of rows i, i + kLanes, ..., so
// that neighbouring rows leave in one store. Packed scales leave as whole words, which no other thread block touches.
template <int kLanes, int kPasses>
class ScaleStore {
public:
    template <int kRow>
    __device__ __forceinline__ void keep(float scale) {
        if (lane() == kRow % kLanes) kept_[kRow / kLanes] = scale;
    }

    // The scales kept, those of column `block` of sf, for rows from `first` of a group on of which bit i of `rows` is set.
    __device__ __forceinline__ void store(const CastRowsParams& params, uint32_t rows, int64_t group, int64_t first,
                                          int64_t block) const {
        if (block >= blocks_of(params)) return;
        for_each_row(rows, [&](int i, int row) {
            static_cast<float*>(params.sf)[offset(params, group, first + row) + block * params.sf_column_stride] = kept_[i];
        });
    }

    // The exponents of the scales kept become the bytes of that block in their words.
    __device__ __forceinline__ void pack(const CastRowsParams& params, int64_t block) {
        const bool exists = block < blocks_of(params);
#pragma unroll
        for (int i = 0; i < kKept; ++i) {
            const uint32_t exponent = exists ? __float_as_uint(kept_[i]) >> 23 : static_cast<uint32_t>(params.pad_exponent);
            words_[i] |= exponent << static_cast<int>(block % 4 * 8);
        }
    }

    // The words of four blocks, `block` among them. kBlocksInRow: how many of them lie side by side in a row of threads.
    template <int kBlocksInRow>
    __device__ __forceinline__ void store_words(const CastRowsParams& params, uint32_t rows, int64_t group, int64_t first,
                                                int64_t block) {
#pragma unroll
        for (int distance = kLanes; distance < kLanes * kBlocksInRow; distance *= 2) {
#pragma unroll
            for (int i = 0; i < kKept; ++i) words_[i] |= __shfl_xor_sync(0xFFFFFFFFu, words_[i], distance);
        }
        if (kBlocksInRow > 1 && block % 4 != 0) return;
        for_each_row(rows, [&](int i, int row) {
            static_cast<uint32_t*>(params.sf)[offset(params, group, first + row) + block / 4 * params.sf_column_stride] =
                words_[i];
        });
    }

private:
    static constexpr int kKept = (kPasses + kLanes - 1) / kLanes;

    static __device__ __forceinline__ int lane() { return static_cast<int>(threadIdx.x) % kLanes; }
    static __device__ __forceinline__ int64_t blocks_of(const CastRowsParams& params) {
        return (params.columns + params.gran - 1) / params.gran;
    }
    static __device__ __forceinline__ int64_t offset(const CastRowsParams& params, int64_t group, int64_t row) {
        return group * params.sf_group_stride + row * params.sf_row_stride;
    }
    // body(i, row): kept_[i] is of that row.
    template <class Body>
    static __device__ __forceinline__ void for_each_row(uint32_t rows, const Body& body) {
#pragma unroll
        for (int i = 0; i < kKept; ++i) {
            const int row = i * kLanes + lane();
            if (row < kPasses && (rows >> row & 1) != 0) body(i, row);
        }
    }

    float kept_[kKept] = {};
    uint32_t words_[kKept] = {};
};

// Whether the kernel can read all of x and write all of q in whole slices; the same for all threads.
template <class Source, class Format>
__device__ __forceinline__ bool rows_are_whole(const CastRowsParams& params) {
    constexpr uint64_t kElementBytes = sizeof(typename Source::Input);
    constexpr uint64_t kOutBytes = Source::kElements * Format::kBits / 8;
    const uint64_t up = Source::kIsSiluMul ? params.columns * kElementBytes : 0;
    const uint64_t x = reinterpret_cast<uint64_t>(params.x) | params.x_row_stride * kElementBytes |
                       params.x_group_stride * kElementBytes | up;
    const uint64_t q = reinterpret_cast<uint64_t>(params.q) | static_cast<uint64_t>(params.q_row_stride) |
                       static_cast<uint64_t>(params.q_group_stride);
    return x % kSliceBytes == 0 && q % kOutBytes == 0 && params.columns % Source::kElements == 0;
}

// Where a thread block works: some columns of a group, and rows from band * rows of a band on.
struct CastRowsPlace {
    int64_t group, column, band;
};

__device__ __forceinline__ CastRowsPlace place_of_block(const CastRowsParams& params) {
    const uint32_t tiles = static_cast<uint32_t>(cast_rows_column_tiles(params.columns, params.tiles_per_block));
    const uint32_t rest = blockIdx.x / tiles, bands = static_cast<uint32_t>(params.bands_in_grid);
    return {rest / bands, int64_t{blockIdx.x % tiles} * params.tiles_per_block * kCastRowsColumns, rest % bands};
}

// Casts one slice of each of a thread's rows, from `first` on, of which `live` says which count.
template <class Source, class Format, bool kWhole, int kLanes, int kPasses>
__device__ __forceinline__ void cast_rows_of_thread(const CastRowsParams& params, int64_t group, int64_t first,
                                                    int64_t column, uint32_t live, ScaleStore<kLanes, kPasses>& scales) {
    using Input = typename Source::Input;
    constexpr int kElements = Source::kElements, kOutBytes = kElements * Format::kBits / 8;
    const int64_t left = params.columns - column;
    const Input* x = static_cast<const Input*>(params.x) + group * params.x_group_stride + first * params.x_row_stride +
                     column;
    uint8_t* q = params.q + group * params.q_group_stride + first * params.q_row_stride + column * Format::kBits / 8;
    // All loads before the first use, so that they are in flight together.
    Source rows[kPasses];
#pragma unroll
    for (int i = 0; i < kPasses; ++i)
        rows[i].template load<kWhole>(x + i * params.x_row_stride, live >> i & 1 ? left : 0, params.columns);
    static_for<kPasses>([&](auto i) {
        float values[kElements];
        uint32_t largest = 0;
        static_for<kElements>([&](auto j) {
            values[j] = rows[i].template value<j>(params.limit);
            largest = max(largest, __float_as_uint(values[j]) & 0x7FFFFFFFu);
        });
        const float scale = block_scale(max_of_lanes<kLanes>(largest), Format::kLargest, params.use_ue8m0);
        const float inverse = __fdiv_rn(1.0f, scale);
        uint32_t codes[(kOutBytes + 3) / 4] = {};
        static_for<kElements / 2>([&](auto pair) {
            constexpr int kBit = pair * 2 * Format::kBits;
            codes[kBit / 32] |= Format::pair(__fmul_rn(values[2 * pair], inverse), __fmul_rn(values[2 * pair + 1], inverse))
                                << kBit % 32;
        });
        const int64_t bytes = live >> i & 1 ? left * Format::kBits / 8 : 0;
        store_codes<kOutBytes, kWhole>(q + i * params.q_row_stride, codes, bytes);
        scales.template keep<i>(scale);
    });
}

template <class Source, class Format, int kGran, bool kWhole>
__device__ __forceinline__ void cast_band(const CastRowsParams& params, const CastRowsPlace& place, int64_t first,
                                          uint32_t live) {
    constexpr int kPerRow = cast_rows_threads_per_row(sizeof(typename Source::Input));
    ScaleStore<kGran / Source::kElements, cast_rows_passes(Source::kIsSiluMul)> scales;
    int64_t column = place.column + static_cast<int>(threadIdx.x) % kPerRow * Source::kElements;
    for (int i = 0; i < params.tiles_per_block; ++i, column += kCastRowsColumns) {
        cast_rows_of_thread<Source, Format, kWhole>(params, place.group, first, column, live, scales);
        if (params.is_packed) {
            scales.pack(params, column / kGran);
        } else {
            scales.store(params, live, place.group, first, column / kGran);
        }
    }
    if (!params.is_packed) return;
    scales.template store_words<kCastRowsColumns / kGran>(params, live, place.group, first,
                                                          (column - kCastRowsColumns) / kGran);
}

template <class Source, class Format, int kGran, bool kWhole>
__device__ __forceinline__ void cast_rows_of_block(const CastRowsParams& params) {
    constexpr int kPerRow = cast_rows_threads_per_row(sizeof(typename Source::Input));
    const CastRowsPlace place = place_of_block(params);
    const int64_t end = end_of_live_rows(params.live, place.group, params.rows);
    const int64_t band = cast_rows_band(sizeof(typename Source::Input), params.rows_per_thread);
    const int64_t inside = int64_t{threadIdx.x / kPerRow} * params.rows_per_thread;
    for (int64_t row = place.band * band; row < end; row += params.bands_in_grid * band) {
        const uint32_t live = live_mask(params.live, row + inside, params.rows_per_thread, end);
        cast_band<Source, Format, kGran, kWhole>(params, place, row + inside, live);
    }
}

// Source: MatrixSource<Bf16 or float> or SiluMulSource; Format: Fp8 or Fp4.
template <class Source, class Format>
__device__ __forceinline__ void cast_rows(const CastRowsParams& params) {
    ptx::griddepcontrol_wait();
    ptx::griddepcontrol_launch_dependents();
    const bool is_whole = rows_are_whole<Source, Format>(params);
    if (params.gran == 32) {
        if (is_whole) return cast_rows_of_block<Source, Format, 32, true>(params);
        return cast_rows_of_block<Source, Format, 32, false>(params);
    }
    if (is_whole) return cast_rows_of_block<Source, Format, 128, true>(params);
    cast_rows_of_block<Source, Format, 128, false>(params);
}

}  // namespace aotgemm
