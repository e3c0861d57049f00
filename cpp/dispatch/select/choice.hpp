// The selection as a call needs it, kept so that a serving loop ranks the matrix once per problem.
#pragma once

#include "aotgemm/aotgemm.h"
#include "dispatch/runtime/driver.hpp"
#include "dispatch/runtime/device.hpp"

namespace aotgemm {

struct Choice {
    int32_t kernel = -1;  // index of the spec
    int32_t cubin = -1;
    int32_t grid = 0;    // thread blocks
    int32_t group_m = 1;  // see rasterize in cpp/kernels/sm90/schedule/dense_scheduler.cuh
};

// problem.num_sms as given to set_num_sms. forced: a kernel's index, or -1. Fails if that kernel is not one for the
// problem and device, if none is, or if a plan is in force that does not have the call.
const Choice& choose_kernel(const aotgemm_problem& problem, const CudaDevice& device, int32_t forced);

// The same, not held against a plan: for a problem that choose_kernel has seen in the same call.
const Choice& find_choice(const aotgemm_problem& problem, const CudaDevice& device, int32_t forced);

// Rows of A that one group has, as far as the host knows.
int64_t rows_of_a_group(const aotgemm_problem& problem);

}  // namespace aotgemm
