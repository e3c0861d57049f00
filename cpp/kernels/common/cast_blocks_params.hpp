// Arguments and launch shape of the casts with a scale for each block of rows, shared by host and device.
#pragma once

#include "common/bf16.hpp"

namespace aotgemm {

// x [rows, columns] -> q FP8 E4M3 of the same shape, and one scale per gran x gran elements (per block) or gran x 1 (per
// channel). Strides count elements; the last stride of x and q is 1. Any alignment and size is allowed. The kernel is
// fast if rows of x start at multiples of 16 bytes, rows of q at multiples of 8 (Bf16) or 4 (float), and columns are a
// multiple of 8 or 4.
struct CastBlocksParams {
    const void* x;
    uint8_t* q;
    float* sf;
    int64_t rows, columns;
    int64_t x_row_stride, q_row_stride;
    int64_t sf_row_stride, sf_column_stride;
    int32_t gran;  // 32 or 128
    int32_t use_ue8m0;
};

inline constexpr int kCastBlocksThreads = 256;
inline constexpr int kCastBlocksTile = 128;  // rows and columns of a thread block

// Launch: kCastBlocksThreads threads, this many blocks, no dynamic shared memory. 0: nothing to launch.
constexpr int64_t cast_blocks_count(int64_t rows, int64_t columns) {
    return ((rows + kCastBlocksTile - 1) / kCastBlocksTile) * ((columns + kCastBlocksTile - 1) / kCastBlocksTile);
}

}  // namespace aotgemm
