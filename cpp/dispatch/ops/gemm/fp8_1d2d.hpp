// The dense GEMM of family fp8_gemm_1d2d: checks, then the CPU backend or fp8_1d2d_launch.hpp.
#pragma once

#include "dispatch/ops/gemm/sm90/fp8_1d2d_launch.hpp"

namespace aotgemm {

struct Fp8Gemm1d2dOperands {
    const aotgemm_tensor &a, &sfa, &b, &sfb, &d;
    HeadSplits heads{};
};

void fp8_gemm_1d2d(const Fp8Gemm1d2dOperands& operands, const aotgemm_launch& launch);

}  // namespace aotgemm
