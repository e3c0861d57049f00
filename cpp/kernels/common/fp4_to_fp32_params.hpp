// Arguments, launch shape and arithmetic of fp4_to_fp32, shared by host and device.
#pragma once

#include "common/fp4_codes.hpp"

namespace aotgemm {

// packed [rows, bytes], two codes each -> out [rows, 2 * bytes]. scales: FP32, or if is_packed four exponents a word; one
// for each row and gran columns. Strides count elements; bytes and elements of out in a row are adjacent.
struct Fp4ToFp32Params {
    const uint8_t* packed;
    const void* scales;
    float* out;
    int64_t rows, bytes;
    int64_t packed_row_stride, out_row_stride;
    int64_t scale_row_stride, scale_column_stride;
    int32_t gran, is_packed;
};

// The bits of a scale.
AOTGEMM_HOST_DEVICE inline uint32_t scale_bits(const Fp4ToFp32Params& params, int64_t row, int64_t column) {
    const int64_t scale = column / params.gran;
    const auto* words = static_cast<const uint32_t*>(params.scales) + row * params.scale_row_stride;
    if (params.is_packed == 0) return words[scale * params.scale_column_stride];
    return (words[scale / 4 * params.scale_column_stride] >> (scale % 4 * 8) & 0xFF) << 23;
}

// The bits of a product: those of one NaN for every one, of which processors make different ones.
AOTGEMM_HOST_DEVICE constexpr uint32_t with_one_nan(uint32_t bits) {
    return (bits & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FFFFFFFu : bits;
}

inline constexpr int kFp4ToFp32Threads = 256;

// Launch: kFp4ToFp32Threads threads, this many blocks, a byte for each thread, no dynamic shared memory.
constexpr int64_t fp4_to_fp32_blocks(const Fp4ToFp32Params& params) {
    return (params.rows * params.bytes + kFp4ToFp32Threads - 1) / kFp4ToFp32Threads;
}

}  // namespace aotgemm
