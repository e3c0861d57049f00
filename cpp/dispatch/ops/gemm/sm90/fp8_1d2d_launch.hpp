// Launcher of the kernels of family fp8_gemm_1d2d, dense and grouped. Device side: cpp/kernels/sm90/fp8_1d2d.cuh.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// Columns of D come in heads of left + mid + right, of which the middle ones are not written; mid 0: no heads.
struct HeadSplits {
    int64_t left = 0, mid = 0, right = 0;
};

struct Fp8Launch {
    const aotgemm_tensor &a, &sfa, &b, &sfb, &d;  // b and sfb: three dimensions but where dense
    const char* grouping;         // as aotgemm_problem has it
    const aotgemm_tensor* index;  // of the groups; null if dense or batched
    int64_t expected_m;           // rows to expect in a group; 0 if unknown
    HeadSplits heads{};           // dense alone
};

// What the selection and a plan know of a call.
aotgemm_problem fp8_1d2d_problem(const Fp8Launch& operands);

// Operands are on one CUDA device and have been checked; M, N and the number of groups are not 0.
void launch_fp8_1d2d(const Fp8Launch& operands, const aotgemm_launch& how);

}  // namespace aotgemm
