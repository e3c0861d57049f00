// Subtiles of D on sm_100a: what a warp of the epilogue reads from tensor memory, converts and stores at a time. Shared by
// the kernels, their tensor maps and codegen/tcgen05_geometry.py.
#pragma once

namespace aotgemm::sm100 {

// A lane of tensor memory is a row of D or, with swap_ab, a column. A subtile is up to 32 rows of D by 128, 64 or 32 bytes.
constexpr int kWarpLanes = 32;

// With swap_ab a warp has 32 columns.
constexpr int store_row_bytes(int out_bytes, bool swap_ab, int block_n) {
    const int bytes = (swap_ab ? kWarpLanes : block_n) * out_bytes;
    return bytes % 128 == 0 ? 128 : bytes % 64 == 0 ? 64 : 32;
}
constexpr int store_columns(int out_bytes, bool swap_ab, int block_n) {
    return store_row_bytes(out_bytes, swap_ab, block_n) / out_bytes;
}
constexpr int store_rows(bool swap_ab, int block_m) { return swap_ab && block_m % kWarpLanes != 0 ? 16 : kWarpLanes; }

constexpr int kSubtileBuffers = 2;  // of a warp: one is written while the TMA reads the other

}  // namespace aotgemm::sm100
