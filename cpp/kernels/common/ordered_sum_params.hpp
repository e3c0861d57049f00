// Arguments and launch shape of the ordered sum, shared by host and device.
#pragma once

#include <cstdint>

namespace aotgemm {

// parts FP32 [count, rows, columns], contiguous -> d [rows, columns] = parts[0] + parts[1] + ..., one FP32 addition
// after the other in that order, then C + that sum if there is a C, then rounded to the type of d, which C shares. c
// may be d. columns is even, and all pointers and rows are aligned to 2 elements. Strides count elements.
struct OrderedSumParams {
    const float* parts;
    const void* c;  // or null
    void* d;
    int64_t rows, columns;
    int64_t c_row_stride, d_row_stride;
    int32_t count;
};

inline constexpr int kOrderedSumThreads = 256;

// Launch: kOrderedSumThreads threads, this many blocks (one dimension), no dynamic shared memory.
constexpr int64_t ordered_sum_blocks(const OrderedSumParams& params) {
    return (params.rows * (params.columns / 2) + kOrderedSumThreads - 1) / kOrderedSumThreads;
}

}  // namespace aotgemm
