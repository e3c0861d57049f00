// A GEMM on a GPU whose context is current.
#pragma once

#include "dispatch/ops/gemm/call.hpp"
#include "dispatch/runtime/device.hpp"

namespace aotgemm {

// Chooses the kernel, makes the copies of scales that the call asks for, and launches.
void launch_gemm(GemmCall& call, const CudaDevice& device, const aotgemm_launch& options);

}  // namespace aotgemm
