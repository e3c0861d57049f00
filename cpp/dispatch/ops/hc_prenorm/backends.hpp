// A checked call of tf32_hc_prenorm_gemm, and its launchers by architecture.
#pragma once

#include "dispatch/runtime/device.hpp"

namespace aotgemm {

struct HcPrenormCall {
    const aotgemm_tensor &a, &b, &d, &sqr_sum;
    int64_t m, n, k, splits;
    int64_t d_row_stride, d_split_stride;  // in elements
};

namespace sm90 {
void launch_tf32_hc_prenorm_gemm(const HcPrenormCall& call, const CudaDevice& device, void* stream);
}
namespace sm100 {
void launch_tf32_hc_prenorm_gemm(const HcPrenormCall& call, const CudaDevice& device, void* stream);
}

}  // namespace aotgemm
