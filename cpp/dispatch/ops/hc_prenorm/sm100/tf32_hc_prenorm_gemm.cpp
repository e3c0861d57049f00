// Launches of family tf32_hc_prenorm_gemm on sm_100a. Device side:
// cpp/kernels/sm100/tf32_hc_prenorm_gemm/kernel.cuh.
#include <algorithm>

#include "dispatch/ops/hc_prenorm/launch.hpp"
#include "dispatch/ops/hc_prenorm/tile_rows.hpp"
#include "kernels/sm100/tf32_hc_prenorm_gemm/launch_shape.hpp"

namespace aotgemm::sm100 {

void launch_tf32_hc_prenorm_gemm(const HcPrenormCall& call, const CudaDevice& device, void* stream) {
    const auto columns = static_cast<int>(call.n);
    const int32_t num_sms = hc_prenorm_sms(device);
    sm90::HcPrenormParams parameters =
        hc_prenorm_params(call, hc_prenorm_tile_rows({call.m, call.n, call.k, call.splits}, num_sms));
    const auto grid = static_cast<uint32_t>(std::min<int64_t>(sm90::prenorm_items(parameters), num_sms));
    launch_hc_prenorm_kernel(call.n, device,
                             {.grid = grid,
                              .threads = static_cast<uint32_t>(prenorm_threads(columns)),
                              .shared_bytes = static_cast<uint32_t>(prenorm_shared_bytes(columns))},
                             stream, &parameters);
}

}  // namespace aotgemm::sm100
