// Consumer warpgroups of a GEMM's thread block, and how the 65,536 registers of an SM are shared by its warpgroups of 128
// threads: 40 + 2 * 232, or 32 + 3 * 160.
#pragma once

namespace aotgemm::sm90 {

// By rows on the instruction's M side; 64 of them may be split over two by columns.
constexpr int consumer_count(int rows, bool splits_columns) {
    return rows == 192 ? 3 : rows > 64 || splits_columns ? 2 : 1;
}
constexpr int consumer_registers(int consumers) { return consumers == 3 ? 160 : 232; }
constexpr int producer_registers(int consumers) { return consumers == 3 ? 32 : 40; }

}  // namespace aotgemm::sm90
