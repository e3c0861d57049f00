// The launch of tf32_hc_prenorm_gemm, for every architecture: their kernels take the same arguments.
#pragma once

#include "dispatch/ops/hc_prenorm/backends.hpp"

namespace aotgemm {

// A thread block of the architecture's kernel.
struct HcPrenormBlock {
    int threads, shared_bytes;
};

// Fails for a call that no launch has room for. To be asked before the CPU computes, which refuses what a GPU does.
void check_hc_prenorm_limits(const HcPrenormCall& call);

// The call has been checked, its limits too.
void launch_hc_prenorm(const HcPrenormCall& call, const CudaDevice& device, void* stream, const HcPrenormBlock& block);

}  // namespace aotgemm
