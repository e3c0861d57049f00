// Launcher of the ordered sum. Device side: cpp/kernels/common/ordered_sum.cuh.
#pragma once

#include "dispatch/ops/gemm/views.hpp"
#include "dispatch/runtime/device.hpp"

namespace aotgemm {

// Fails for a D that is too large for it.
void check_ordered_sum(const OperandView& d);

// d = parts[0] + parts[1] + ... in that order, then c + that if there is a c. parts: FP32, contiguous, at least one.
// Operands have been checked and the device's context is current. The CPU's is in
// cpp/emulation/ops/bf16_gemm_batch_reduced.cpp.
void ordered_sum(const OperandView& parts, const OperandView& c, const OperandView& d, const CudaDevice& device,
                 void* stream);

}  // namespace aotgemm
