// Launcher of the grouped kernels of family fp8_1d2d.
#pragma once

#include "dispatch/fp8_grouped.hpp"

namespace aotgemm {

// Operands have been checked; none of M, N, K and the number of groups is 0.
void launch_fp8_1d2d_grouped(const Fp8GroupedOperands& operands, const aotgemm_launch& how);

}  // namespace aotgemm
