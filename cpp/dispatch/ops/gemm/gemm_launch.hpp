// What the launches of all GEMM families have in common.
#pragma once

#include "dispatch/ops/gemm/backends.hpp"

namespace aotgemm {

// Whether the L2 should drop B first: its tiles are needed by blocks that run side by side, and by nobody later, as there is
// one band of tile rows, and D is small.
bool evicts_b_first(const GemmLaunch& launch);

// Launches the chosen kernel. `parameters` points at its one by-value argument. programmatic_launch: see LaunchShape.
void launch_kernel(const GemmLaunch& gemm, void* parameters, bool programmatic_launch = false);

}  // namespace aotgemm
