// The one path of a GEMM call.
#pragma once

#include "dispatch/ops/gemm/call.hpp"
#include "dispatch/runtime/device.hpp"

namespace aotgemm {

// Checks the call, then runs it on the CPU or launches it.
void run_gemm(const aotgemm_gemm_call& given, const aotgemm_launch& options);

// On a GPU whose context is current. Chooses the kernel, makes the copies of scales that the call asks for, and launches.
void launch_gemm(GemmCall& call, const CudaDevice& device, const aotgemm_launch& options);

}  // namespace aotgemm
