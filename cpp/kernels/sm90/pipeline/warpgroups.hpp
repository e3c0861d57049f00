// Consumer warpgroups of a GEMM's thread block, and registers a thread of each warpgroup. The 65,536 registers of an SM
// hold 128 threads at 40 + 2 * 232, or 32 + 3 * 160.
#pragma once

namespace aotgemm::sm90 {

// Number by rows on the instruction's M side; two warpgroups may split 64 rows by columns.
constexpr int consumer_count(int rows, bool splits_columns) {
    return rows == 192 ? 3 : rows > 64 || splits_columns ? 2 : 1;
}
constexpr int consumer_registers(int consumers) { return consumers == 3 ? 160 : 232; }
constexpr int producer_registers(int consumers) { return consumers == 3 ? 32 : 40; }

}  // namespace aotgemm::sm90
