// The dense GEMM of family fp8_1d2d: checks, then the CPU backend or fp8_1d2d_launch.hpp.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// Columns of D come in heads of left + mid + right, of which the middle ones are not written; mid 0: no heads.
struct HeadSplits {
    int64_t left = 0, mid = 0, right = 0;
};

struct Fp8Gemm1d2dOperands {
    const aotgemm_tensor &a, &sfa, &b, &sfb, &d;
    HeadSplits heads{};
};

void fp8_gemm_1d2d(const Fp8Gemm1d2dOperands& operands, const aotgemm_launch& launch);

}  // namespace aotgemm
