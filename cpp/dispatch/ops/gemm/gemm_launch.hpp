// What the launches of all GEMM families have in common.
#pragma once

#include "aotgemm/aotgemm.h"
#include "dispatch/select/choice.hpp"
#include "dispatch/runtime/device.hpp"

namespace aotgemm {

// The M to choose a kernel for: that of the call or, where the device alone knows how many rows count, the caller's
// hint if there is one. expected_m: rows of each group, or 0.
int64_t expected_rows(const char* grouping, int64_t m, int64_t groups, int64_t expected_m);

// Whether the L2 should drop B first: its tiles are needed by blocks that run side by side, and by nobody later, as there is
// one band of tile rows, and D is small.
bool evicts_b_first(const Choice& choice, const aotgemm_problem& problem);

// Launches the chosen kernel on the stream. `parameters` points at its one by-value argument. programmatic_launch: see LaunchShape.
void launch_gemm(const CudaDevice& device, const Choice& choice, void* stream, void* parameters, bool programmatic_launch = false);

}  // namespace aotgemm
