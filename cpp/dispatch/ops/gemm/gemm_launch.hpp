// What the launches of all GEMM families have in common.
#pragma once

#include "dispatch/ops/gemm/backends.hpp"

namespace aotgemm {

// Whether the L2 should drop B first: its tiles are needed by blocks that run side by side, and by nobody later, as there is
// one band of tile rows, and D is small.
bool evicts_b_first(const GemmLaunch& launch);

// Launches the chosen kernel. `parameters` points at its one by-value argument. programmatic_launch: see LaunchShape; behind
// a copy of scales it is on. The copy itself begins when all before it is over, and the kernel waits for the copy before it
// reads; the driver takes 1.5 us less for such a launch (2.6 against 4.1 on the default stream, 2.5 against 3.2 on another;
// H200's machine, 2026-11-28).
void launch_kernel(const GemmLaunch& gemm, void* parameters, bool programmatic_launch = false);

}  // namespace aotgemm
