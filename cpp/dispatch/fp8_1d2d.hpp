// Launcher of family fp8_1d2d. Device side: cpp/kernels/sm90/fp8_1d2d.cuh.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

struct Fp8Gemm1d2dOperands {
    const aotgemm_tensor &a, &sfa, &b, &sfb, &d;
};

void fp8_gemm_1d2d(const Fp8Gemm1d2dOperands& operands, const aotgemm_launch& launch);

}  // namespace aotgemm
