// Launcher of the kernels of family fp8_gemm_1d1d. Device side: cpp/kernels/sm90/fp8_1d1d.cuh.
#pragma once

#include "dispatch/ops/gemm/fp8_1d1d.hpp"

namespace aotgemm {

// What the selection and a plan know of a call.
aotgemm_problem fp8_1d1d_problem(const Fp8Gemm1d1dOperands& operands);

// Whether the launch before this one, or after it, on the same stream is for another group of the same call.
struct GroupNeighbours {
    bool before = false, after = false;
};

// Operands are matrices on one CUDA device and have been checked; M and N are not 0. K = 0 gives C, or zeros.
void launch_fp8_1d1d(const Fp8Gemm1d1dOperands& operands, const aotgemm_launch& how, GroupNeighbours neighbours = {});

}  // namespace aotgemm
