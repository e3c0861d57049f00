// Columns of D that a GEMM leaves out.
#pragma once

#include <cstdint>

namespace aotgemm::emulation {

// Columns of D that a GEMM does not write: `width` in every `period` columns that it computes, from `before` on.
struct SkippedColumns {
    std::int64_t period, before, width = 0;  // period 0: none
};

// The column of D that holds computed column `column`.
inline std::int64_t column_of_d(const SkippedColumns& skipped, std::int64_t column) {
    if (skipped.period == 0) return column;
    const std::int64_t heads = column / skipped.period + (column % skipped.period >= skipped.before ? 1 : 0);
    return column + heads * skipped.width;
}

}  // namespace aotgemm::emulation
