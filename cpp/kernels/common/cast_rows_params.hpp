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
    int32_t groups, rows, columns;
    int32_t blocks;  // of columns: of one scale each
    int64_t x_group_stride, x_row_stride;
    int64_t q_group_stride, q_row_stride;
    int64_t sf_group_stride, sf_row_stride, sf_column_stride;
    LiveRows live;
    int32_t gran;  // 32 or 128
    int32_t use_ue8m0;
    int32_t is_packed;
    int32_t pad_exponent;     // of packed scales: bytes of the last word that belong to no block
    int32_t is_whole;         // whether all of x and q can be read and written in whole slices
    int32_t rows_per_thread;  // 1 to cast_rows_per_thread
    int32_t tiles_per_block;  // of 128 columns, one after the other
    int32_t blocks_of_group;  // thread blocks along a group's columns
    float limit;              // of silu_mul: of gate and up; infinity for none
};

// Blocks of an SM at least, for the registers of a thread. With 4, SwiGLU took 5 to 8% less time on an H200 (32768x7168,
// 2026-11-29).
inline constexpr int kCastRowsThreads = 256, kCastRowsBlocksPerSm = 3, kSiluMulBlocksPerSm = 4;
inline constexpr int kCastRowsColumns = 128;  // that a thread block casts at a time

// Threads that hold one row's columns.
AOTGEMM_HOST_DEVICE constexpr int cast_rows_threads_per_row(int element_bytes) { return kCastRowsColumns * element_bytes / 16; }

// Rows that a thread takes at most: its loads are in flight together. silu_mul loads two slices a row.
AOTGEMM_HOST_DEVICE constexpr int cast_rows_per_thread(bool is_silu_mul) { return is_silu_mul ? 2 : 4; }

// Rows that a thread block takes at a time.
AOTGEMM_HOST_DEVICE constexpr int32_t cast_rows_band(int element_bytes, int32_t rows_per_thread) {
    return kCastRowsThreads / cast_rows_threads_per_row(element_bytes) * rows_per_thread;
}

struct CastRowsGrid {
    int64_t x;
    int32_t y;
    int32_t rows_per_thread, tiles_per_block, blocks_of_group;
};

// Launch: kCastRowsThreads threads, x times y blocks, no dynamic shared memory. A thread block takes as many columns and
// rows as leave several blocks to each SM, since what it does once is worth tens of casts of a slice. Bands of rows that
// the grid does not hold are taken by the same blocks in turn: of masked rows, of which few may count, most are.
constexpr CastRowsGrid cast_rows_grid(const CastRowsParams& params, int element_bytes, bool is_silu_mul) {
    constexpr int64_t kEnoughBlocks = 1024, kMaskedBands = 4, kMaxGridY = 65535;
    const int64_t tiles = (int64_t{params.columns} + kCastRowsColumns - 1) / kCastRowsColumns;
    int32_t per_thread = cast_rows_per_thread(is_silu_mul), per_block = 4;
    const auto bands = [&] {
        const int64_t band = cast_rows_band(element_bytes, per_thread);
        return (params.rows + band - 1) / band;
    };
    const auto blocks_of_group = [&] { return (tiles + per_block - 1) / per_block; };
    const auto blocks = [&] { return params.groups * blocks_of_group() * bands(); };
    // Four tiles share a word of packed scales.
    const bool has_shared_words = params.is_packed != 0 && params.gran == kCastRowsColumns;
    while (!has_shared_words && per_block > 1 && blocks() < kEnoughBlocks) per_block /= 2;
    while (per_thread > 1 && blocks() < kEnoughBlocks) per_thread /= 2;
    const int64_t most = params.live.rule == RowRule::masked ? kMaskedBands : kMaxGridY;
    return {params.groups * blocks_of_group(), static_cast<int32_t>(bands() < most ? bands() : most), per_thread, per_block,
            static_cast<int32_t>(blocks_of_group())};
}

}  // namespace aotgemm
