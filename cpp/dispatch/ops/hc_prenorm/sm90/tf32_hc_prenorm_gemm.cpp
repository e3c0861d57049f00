// Launches of family tf32_hc_prenorm_gemm on sm_90a. Device side:
// cpp/kernels/sm90/tf32_hc_prenorm_gemm/kernel.cuh.
#include "dispatch/ops/hc_prenorm/launch.hpp"
#include "kernels/sm90/tf32_hc_prenorm_gemm/params.hpp"

namespace aotgemm::sm90 {

void launch_tf32_hc_prenorm_gemm(const HcPrenormCall& call, const CudaDevice& device, void* stream) {
    const auto columns = static_cast<int>(call.n);
    launch_hc_prenorm(call, device, stream,
                      {.threads = prenorm_threads(columns), .shared_bytes = prenorm_shared_bytes(columns)});
}

}  // namespace aotgemm::sm90
