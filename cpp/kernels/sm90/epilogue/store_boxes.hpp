// TMA boxes of D of bf16_gemm and fp8_gemm_1d1d, and of C of fp8_gemm_1d1d: shared by the kernels and their tensor
// maps.
#pragma once

namespace aotgemm::sm90 {

// Bytes of a row: 128, swizzled, or 176 where a tile's columns are no multiple of 128 bytes. Rows 176 bytes apart need
// no swizzle: eight of them start in different banks, 11 times 16 bytes apart.
constexpr int sum_box_row_bytes(int out_bytes, int columns) { return columns * out_bytes % 128 == 0 ? 128 : 176; }
constexpr int sum_box_columns(int out_bytes, bool swap_ab, int block_n) {
    return (swap_ab ? 128 : sum_box_row_bytes(out_bytes, block_n)) / out_bytes;
}
// bf16_gemm: rows of a warp or, with swap_ab, of a warpgroup.
constexpr int sum_box_rows(bool swap_ab, int block_m) { return swap_ab ? block_m : 16; }
// fp8_gemm_1d1d: rows of a warpgroup, for C and D.
constexpr int kWarpgroupBoxRows = 64;

}  // namespace aotgemm::sm90
