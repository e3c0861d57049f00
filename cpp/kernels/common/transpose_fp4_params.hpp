// Arguments and launch shape of transpose_fp4, shared by host and device.
#pragma once

#include "common/fp4_codes.hpp"

namespace aotgemm {

// in [2 * pairs, bytes], two codes each -> out [2 * bytes, pairs]. Bytes of a row are adjacent.
struct TransposeFp4Params {
    const uint8_t* in;
    uint8_t* out;
    int64_t pairs, bytes;
    int64_t in_row_stride, out_row_stride;
};

// Two bytes of one column, the upper row first, as those of one pair in two rows.
struct Fp4Square {
    uint8_t first, second;
};
AOTGEMM_HOST_DEVICE constexpr Fp4Square transposed(uint32_t upper, uint32_t lower) {
    return {static_cast<uint8_t>(fp4_of_byte(upper, 0) | fp4_of_byte(lower, 0) << 4),
            static_cast<uint8_t>(fp4_of_byte(upper, 1) | fp4_of_byte(lower, 1) << 4)};
}

inline constexpr int kTransposeFp4Threads = 256;
inline constexpr int kTransposeFp4Tile = 32;  // pairs of rows, and bytes of a row, of a thread block

// Launch: kTransposeFp4Threads threads, this many blocks, no dynamic shared memory.
constexpr int64_t transpose_fp4_blocks(const TransposeFp4Params& params) {
    return ((params.pairs + kTransposeFp4Tile - 1) / kTransposeFp4Tile) *
           ((params.bytes + kTransposeFp4Tile - 1) / kTransposeFp4Tile);
}

}  // namespace aotgemm
