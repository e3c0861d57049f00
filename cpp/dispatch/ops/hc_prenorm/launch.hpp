// What launches of tf32_hc_prenorm_gemm have in common on every architecture.
#pragma once

#include "dispatch/ops/hc_prenorm/backends.hpp"
#include "dispatch/runtime/launch.hpp"
#include "kernels/sm90/tf32_hc_prenorm_gemm/params.hpp"

namespace aotgemm {

// Fails for a call that no launch has room for. To be asked before the CPU computes, which refuses what a GPU does.
void check_hc_prenorm_limits(const HcPrenormCall& call);

// The SMs that a launch may take: those of the device, or as many as set_num_sms says.
int32_t hc_prenorm_sms(const CudaDevice& device);

// Arguments of a checked call, its limits too, in tiles of tile_rows.
sm90::HcPrenormParams hc_prenorm_params(const HcPrenormCall& call, int32_t tile_rows);

// The architecture's kernel for `columns` of D.
void launch_hc_prenorm_kernel(int64_t columns, const CudaDevice& device, const LaunchShape& shape, void* stream,
                              void* parameters);

}  // namespace aotgemm
