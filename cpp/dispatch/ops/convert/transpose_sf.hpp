// Scales in the layout that the TMA reads. Device side: cpp/kernels/common/transpose_sf.cuh.
#pragma once

#include "dispatch/ops/gemm/views.hpp"
#include "dispatch/runtime/device.hpp"

namespace aotgemm {

bool sf_is_aligned(const aotgemm_tensor& sf);
void sf_to_mn_major(const aotgemm_tensor& sf, const aotgemm_tensor& out, const aotgemm_launch& options);

// Bytes of an MN-major copy.
int64_t mn_major_bytes(const OperandView& scales);

// Fails for scales that no such copy can be made of.
void check_mn_major_copy(const OperandView& scales);

// Launches the copy of scales into `out`, which has so many bytes, and returns its view. The device's context is current.
OperandView launch_mn_major_copy(const OperandView& scales, float* out, const CudaDevice& device, void* stream);

}  // namespace aotgemm
