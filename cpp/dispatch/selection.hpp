// Which kernel computes a problem on a device: a pure function of both, the same at run time and offline.
#pragma once

#include <vector>

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// Every legal choice, best first: that of a tuned row if there is one for problem and device, then by the cost model.
// Fails with AOTGEMM_ERROR_KERNEL_MISSING if there is none.
std::vector<aotgemm_selection> rank_kernels(const aotgemm_problem& problem, const aotgemm_device& device);

// The first of them, found without describing the others.
aotgemm_selection select_kernel(const aotgemm_problem& problem, const aotgemm_device& device);

// The choice made for the caller who forces a kernel: its grid, tiles and predicted time.
aotgemm_selection describe_kernel(int32_t kernel, const aotgemm_problem& problem, const aotgemm_device& device);

}  // namespace aotgemm
