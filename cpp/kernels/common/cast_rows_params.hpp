// Arguments and launch shape of the casts with a scale for each row and gran columns, shared by host and device.
#pragma once

#include "common/bf16.hpp"
#include "common/host_device.hpp"
#include "common/live_rows.hpp"

namespace aotgemm {

// x [groups, rows, columns] -> q of the same shape, and sf [groups, rows, ceil(columns / gran)]. Strides count elements
// of x and sf and bytes of q; the last stride of x and q is 1 element. Any alignment and size is allowed; the kernel is
// fast if rows of x start at multiples of 16 bytes, rows of q at multiples of what a slice of 16 bytes becomes, and
// columns are a multiple of a slice's elements.
struct CastRowsParams {
    const void* x;
    uint8_t* q;
    void* sf;  // float, or int32_t with four UE8M0 of adjacent blocks, the first in the low byte
    int64_t groups, rows, columns;
    int64_t x_group_stride, x_row_stride;
    int64_t q_group_stride, q_row_stride;
    int64_t sf_group_stride, sf_row_stride, sf_column_stride;
    LiveRows live;
    int32_t gran;  // 32 or 128
    int32_t use_ue8m0;
    int32_t is_packed;
    int32_t pad_exponent;     // of packed scales: bytes of the last word that belong to no block
    int32_t rows_per_thread;  // 1 to the kernel's kPasses
    int32_t bands_in_grid;    // of one group; a thread block loops where there are more
    int32_t tiles_per_block;  // of 128 columns, one after the other: four where they share a word of scales
    float limit;              // of silu_mul: of gate and up; infinity for none
};

inline constexpr int kCastRowsThreads = 256, kCastRowsBlocksPerSm = 3;
inline constexpr int kCastRowsColumns = 128;  // that a thread block casts at a time

// Threads that hold one row's columns.
AOTGEMM_HOST_DEVICE constexpr int cast_rows_threads_per_row(int element_bytes) { return kCastRowsColumns * element_bytes / 16; }

// Rows that a thread takes at most: its loads are in flight together. silu_mul loads two slices a row.
AOTGEMM_HOST_DEVICE constexpr int cast_rows_passes(bool is_silu_mul) { return is_silu_mul ? 2 : 4; }

AOTGEMM_HOST_DEVICE constexpr int64_t cast_rows_band(int element_bytes, int64_t rows_per_thread) {
    return kCastRowsThreads / cast_rows_threads_per_row(element_bytes) * rows_per_thread;
}

AOTGEMM_HOST_DEVICE constexpr int64_t cast_rows_column_tiles(int64_t columns, int64_t tiles_per_block) {
    return (columns + tiles_per_block * kCastRowsColumns - 1) / (tiles_per_block * kCastRowsColumns);
}

struct CastRowsShape {
    int64_t blocks;  // 0: nothing to launch
    int32_t rows_per_thread, bands_in_grid, tiles_per_block;
};

// Launch: kCastRowsThreads threads, `blocks` blocks, no dynamic shared memory. As many rows a thread as leave several
// blocks to each SM; of masked rows, of which few may count, a grid of few bands that thread blocks repeat.
constexpr CastRowsShape cast_rows_shape(const CastRowsParams& params, int element_bytes, bool is_silu_mul) {
    constexpr int64_t kEnoughBlocks = 1024, kMaskedBands = 4;
    const int64_t tiles_per_block = params.is_packed != 0 && params.gran == kCastRowsColumns ? 4 : 1;
    const int64_t tiles = params.groups * cast_rows_column_tiles(params.columns, tiles_per_block);
    const auto bands = [&](int64_t per_thread) {
        const int64_t band = cast_rows_band(element_bytes, per_thread);
        return (params.rows + band - 1) / band;
    };
    int64_t per_thread = cast_rows_passes(is_silu_mul);
    while (per_thread > 1 && tiles * bands(per_thread) < kEnoughBlocks) per_thread /= 2;
    const bool repeats = params.live.rule == RowRule::masked && bands(per_thread) > kMaskedBands;
    const int64_t in_grid = repeats ? kMaskedBands : bands(per_thread);
    return {tiles * in_grid, static_cast<int32_t>(per_thread), static_cast<int32_t>(in_grid),
            static_cast<int32_t>(tiles_per_block)};
}

}  // namespace aotgemm
