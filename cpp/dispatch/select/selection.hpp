// Which kernel computes a problem on a device: a pure function of both, the same at run time and offline.
#pragma once

#include <vector>

#include "aotgemm/aotgemm.h"
#include "dispatch/select/time_model.hpp"

namespace aotgemm {

// Every legal choice by predicted time, the shortest first; equal ones in the matrix's order.
// Fails with AOTGEMM_ERROR_KERNEL_MISSING if there is none.
std::vector<aotgemm_selection> rank_kernels(const aotgemm_problem& problem, const aotgemm_device& device);

// The first of them, found without describing the others.
aotgemm_selection select_kernel(const aotgemm_problem& problem, const aotgemm_device& device);

// Whether a kernel is of the problem's family, grouping and output, and reads its layout.
bool is_of_kind(const aotgemm_spec& spec, const aotgemm_problem& problem);

// Indices of the kernels that can compute the problem, whatever its M, in the matrix's order. Fails if there is none.
std::vector<int32_t> serving_kernels(const aotgemm_problem& problem, const aotgemm_device& device);

// The time model of a problem's serving kernels.
TimeModel time_model(const aotgemm_problem& problem, const aotgemm_device& device);

// The kernel of select_kernel and its predicted time, without the words: for those who ask for a whole range of M.
struct BestKernel {
    int32_t kernel;
    double predicted_us;
};
BestKernel best_kernel(const TimeModel& model);

// The time that a tile would take on a device of compute capability 10.0, whether a kernel has it or not.
aotgemm_tile_time predict_tile(const aotgemm_spec& tile, const aotgemm_problem& problem, const aotgemm_device& device);

// Fails where D has more tiles than a grid can count.
void check_tiles(int64_t tiles);

// The choice made for the caller who forces a kernel: its grid, tiles and predicted time.
aotgemm_selection describe_kernel(int32_t kernel, const aotgemm_problem& problem, const aotgemm_device& device);

}  // namespace aotgemm
