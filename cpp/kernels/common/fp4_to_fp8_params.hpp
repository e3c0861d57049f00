// Arguments and launch shape of fp4_to_fp8, and the scale of a block, shared by host and device.
#pragma once

#include "common/fp4_codes.hpp"
#include "common/pack_ue8m0_params.hpp"

namespace aotgemm {

// packed [groups, rows, columns / 2], two codes a byte, with a power of two for each row and 32 columns -> q [groups,
// rows, columns], with a scale and the number of codes that are not exact for each block of 128 columns and block_rows
// rows. scales: FP32, or if is_packed four exponents a word. Strides count elements; elements of a row of packed and of q
// are adjacent.
struct Fp4ToFp8Params {
    const uint8_t* packed;
    const void* scales;
    uint8_t* q;
    float* sf;
    int32_t* inexact;
    int64_t groups, rows, columns;
    int64_t packed_group_stride, packed_row_stride;
    int64_t scale_group_stride, scale_row_stride, scale_column_stride;
    int64_t q_group_stride, q_row_stride;
    int64_t sf_group_stride, sf_row_stride, sf_column_stride;
    int64_t inexact_group_stride, inexact_row_stride, inexact_column_stride;
    int32_t is_packed, block_rows;  // 1 or 128
};

inline constexpr int kFp4Gran = 32, kFp8Gran = 128;
inline constexpr int kFp4ToFp8Threads = 256;
inline constexpr int kFp4ToFp8Columns = kFp8Gran / 2;  // of a thread: half a row of a block
inline constexpr uint32_t kUe8m0Nan = 0xFF, kUe8m0One = 127;

// UE8M0 of 32 columns; kUe8m0Nan where the scale is no power of two.
AOTGEMM_HOST_DEVICE inline uint32_t fp4_scale(const Fp4ToFp8Params& params, int64_t group, int64_t row, int64_t gran) {
    const auto* words = static_cast<const uint32_t*>(params.scales) + group * params.scale_group_stride +
                        row * params.scale_row_stride;
    if (params.is_packed == 0) return ue8m0_of_bits(words[gran * params.scale_column_stride]);
    return words[gran / 4 * params.scale_column_stride] >> (gran % 4 * 8) & 0xFF;
}

// Of a code that is not 0 with a scale that is a number: ordered as its exponent is, and more than 0.
AOTGEMM_HOST_DEVICE constexpr uint32_t fp4_rank(uint32_t code, uint32_t scale) {
    return scale + static_cast<uint32_t>(fp4_exponent(code) + 2);
}

// UE8M0 of a block whose largest rank is given, 0 if it has none: the least power of two, from 2^-126 on, with which the
// largest magnitude is within E4M3; 1 where there is none.
AOTGEMM_HOST_DEVICE constexpr uint32_t fp8_block_scale(uint32_t largest_rank) {
    if (largest_rank == 0) return kUe8m0One;
    const int32_t scale = static_cast<int32_t>(largest_rank) - 2 - kFp8MostExponent;
    return scale < 1 ? 1 : static_cast<uint32_t>(scale);
}

// A code with its own scale, as E4M3 with that of its block. One whose scale is no number is NaN, and not exact.
AOTGEMM_HOST_DEVICE constexpr Fp8OfFp4 fp8_in_block(uint32_t code, uint32_t scale, uint32_t block_scale) {
    if (scale == kUe8m0Nan) return {kFp8Nan, false};
    return fp8_of_fp4(code, static_cast<int32_t>(scale) - static_cast<int32_t>(block_scale));
}

// Launch: kFp4ToFp8Threads threads, this many blocks, each 128 rows and columns, no dynamic shared memory.
constexpr int64_t fp4_to_fp8_blocks(const Fp4ToFp8Params& params) {
    return params.groups * ((params.rows + kFp8Gran - 1) / kFp8Gran) * ((params.columns + kFp8Gran - 1) / kFp8Gran);
}

}  // namespace aotgemm
