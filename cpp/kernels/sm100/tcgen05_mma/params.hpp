// Arguments and launch shape of tcgen05_mma, shared by host and device.
#pragma once

#include <cstdint>

#include "common/host_device.hpp"

namespace aotgemm::sm100 {

enum class MmaKind : int32_t { f16, tf32, f8f6f4, mxf8f6f4, mxf4, mxf4nvf4 };

// How elements become the 32 bytes of a row that an instruction reads: as they are; codes of E2M1, which have a byte each,
// as 8 bytes of 16 codes and a gap of 8; or packed, 64 codes.
enum class MmaPacking : int32_t { none, with_gaps, packed };

// Rows of A, or of B. A step takes step_bytes of each, and `scales` scales.
struct MmaRows {
    const uint8_t* data;
    int64_t stride;
    const uint8_t* scales;
    int64_t scale_stride;
    int32_t rows;
    int32_t step_bytes;
    MmaPacking packing;
    int32_t format;  // its code in an instruction descriptor
};

// d[m, n] += the steps of row m of A and row n of B. Strides of d count elements.
struct MmaParams {
    MmaRows a, b;
    float* d;
    int64_t row_stride, column_stride;
    int32_t steps;
    int32_t scales;  // of a row in a step
    MmaKind kind;
};

inline constexpr int kMmaThreads = 128;
inline constexpr int kMmaRows = 128, kMmaColumns = 64;  // of the instruction
inline constexpr int kMmaRowBytes = 128;                // of an operand in shared memory
inline constexpr int kMmaScaleWords = 128;              // of each operand
inline constexpr int kMmaSharedBytes = (kMmaRows + kMmaColumns) * kMmaRowBytes + 2 * kMmaScaleWords * 4 + 32;

AOTGEMM_HOST_DEVICE constexpr int32_t mma_tiles_m(const MmaParams& params) {
    return (params.a.rows + kMmaRows - 1) / kMmaRows;
}
AOTGEMM_HOST_DEVICE constexpr int32_t mma_tiles_n(const MmaParams& params) {
    return (params.b.rows + kMmaColumns - 1) / kMmaColumns;
}

// Launch: kMmaThreads threads, this many blocks (one dimension), kMmaSharedBytes of dynamic shared memory.
constexpr int64_t mma_blocks(const MmaParams& params) { return int64_t{mma_tiles_m(params)} * mma_tiles_n(params); }

}  // namespace aotgemm::sm100
