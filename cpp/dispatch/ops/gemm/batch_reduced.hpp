// A sum over batches on a GPU: a GEMM writes a partial sum for each range of batches, then they are added up in order.
#pragma once

#include "dispatch/ops/gemm/call.hpp"
#include "dispatch/runtime/device.hpp"

namespace aotgemm {

// Fails if the partial sums need memory beside D, and the call has no sound workspace and the launch no allocator.
void check_workspace(const GemmCall& call, const aotgemm_allocator* allocator);

// The workspace for the partial sums is the call's or, if that has none, memory of the caller's allocator.
void launch_batch_reduced(const GemmCall& call, const CudaDevice& device, const aotgemm_launch& options);

}  // namespace aotgemm
