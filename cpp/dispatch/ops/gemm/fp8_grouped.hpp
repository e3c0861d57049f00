// Grouped and batched GEMMs of family fp8_gemm_1d2d: one call, a B for each group. Launched by fp8_1d2d_launch.hpp.
#pragma once

#include "aotgemm/aotgemm.h"
#include "kernels/common/grouping.hpp"

namespace aotgemm {

// How rows of A belong to groups.
enum class Grouping {
    contiguous,  // index: int32 [M], the group of each row, -1 for a row that is not computed
    psum,        // index: int32 [G], where each group's rows end; they start at the next multiple of the alignment
    masked,      // index: int32 [G], how many rows of each group's A are computed
    batched,     // no index: all rows of every group
};

struct Fp8GroupedOperands {
    const aotgemm_tensor &a, &sfa, &b, &sfb, &d;
    const aotgemm_tensor* index;  // null if batched
    Grouping grouping;
    int64_t expected_m;  // rows to expect in a group, a hint for the selection; 0 if unknown
};

// Groups of contiguous and psum start at multiples of this many rows, so that no tile holds two groups.
inline constexpr int64_t kMkAlignment = sm90::kGroupAlignment;

// Checks, then runs on the CPU or launches.
void fp8_gemm_grouped(const Fp8GroupedOperands& operands, const aotgemm_launch& how);

}  // namespace aotgemm
