// What the selection and a plan know of a GEMM call.
#pragma once

#include "dispatch/ops/gemm/call.hpp"

namespace aotgemm {

// Which dimension of A and B is adjacent in memory must be noted in their views.
aotgemm_problem problem_of(const GemmCall& call);

}  // namespace aotgemm
