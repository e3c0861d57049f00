// Arguments and launch shape of the casts to FP8, shared by host and device.
#pragma once

#include <cstdint>

namespace aotgemm {

// An element of a BF16 tensor, as bits.
struct Bf16 {
    uint16_t bits;
};

// x [rows, columns] of Bf16 or float -> q FP8 E4M3 [rows, columns] and one scale per block of block_rows x 128. Strides
// count elements; the last stride of x and q is 1. Any alignment and size is allowed. The kernel is fast if rows of x
// start at multiples of 16 bytes, rows of q at multiples of 8 (Bf16) or 4 (float), and columns are a multiple of 8 or
// 4.
struct CastFp8Params {
    const void* x;
    uint8_t* q;
    float* sf;
    int64_t rows, columns;
    int64_t x_row_stride, q_row_stride;
    int64_t sf_row_stride, sf_column_stride;
    int32_t use_ue8m0;
};

inline constexpr int kCastFp8Threads = 256;
inline constexpr int kCastFp8BlockK = 128;
inline constexpr int kCastFp8LoadBytes = 16;  // of one row, by one thread
inline constexpr int64_t kMaxGridY = 65535;

// Rows that a thread block reads at once; a 128-row block takes several such passes.
constexpr int cast_fp8_rows_per_pass(int element_bytes) {
    return kCastFp8Threads / (kCastFp8BlockK * element_bytes / kCastFp8LoadBytes);
}

struct CastFp8Grid {
    int64_t x, y;
};

// Launch: kCastFp8Threads threads, this grid, no dynamic shared memory. element_bytes is of x; block_rows is 1 or 128.
// A 0 in the grid: nothing to launch.
constexpr CastFp8Grid cast_fp8_grid(const CastFp8Params& params, int element_bytes, int block_rows) {
    const int64_t band = block_rows == 1 ? cast_fp8_rows_per_pass(element_bytes) : block_rows;
    const int64_t bands = (params.rows + band - 1) / band;
    return {(params.columns + kCastFp8BlockK - 1) / kCastFp8BlockK, bands < kMaxGridY ? bands : kMaxGridY};
}

}  // namespace aotgemm
