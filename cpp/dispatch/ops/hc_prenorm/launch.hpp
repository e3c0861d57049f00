// The launch of tf32_hc_prenorm_gemm, for every architecture: their kernels take the same arguments.
#pragma once

#include "dispatch/ops/hc_prenorm/backends.hpp"

namespace aotgemm {

// A thread block of the architecture's kernel.
struct HcPrenormBlock {
    int threads, shared_bytes;
};

void launch_hc_prenorm(const HcPrenormCall& call, const CudaDevice& device, void* stream, const HcPrenormBlock& block);

}  // namespace aotgemm
