#include "dispatch/ops/convert/ordered_sum.hpp"

#include "dispatch/base/checks.hpp"
#include "dispatch/runtime/launch.hpp"
#include "kernels/common/ordered_sum_params.hpp"

namespace aotgemm {

void ordered_sum(const aotgemm_tensor& parts, const aotgemm_tensor* c, const aotgemm_tensor& d,
                 const aotgemm_launch& how) {
    const bool is_fp32 = d.dtype == AOTGEMM_FP32;
    const int32_t bytes = is_fp32 ? 4 : 2;
    OrderedSumParams parameters{static_cast<const float*>(parts.data), c != nullptr ? c->data : nullptr, d.data,
                                d.shape[0], d.shape[1], c != nullptr ? row_stride(*c, bytes) : 0, row_stride(d, bytes),
                                static_cast<int32_t>(parts.shape[0])};
    const int64_t blocks = ordered_sum_blocks(parameters);
    if (blocks > INT32_MAX) {
        fail(AOTGEMM_ERROR_SHAPE, "d: its sum needs ", blocks, " thread blocks, allowed is at most ", INT32_MAX);
    }
    const CudaDevice& device = cuda_device(d.device_id);
    const ContextScope scope(device);
    launch(device, find_conversion(device.description, is_fp32 ? "ordered_sum_fp32_fp32" : "ordered_sum_fp32_bf16"),
           {static_cast<uint32_t>(blocks), kOrderedSumThreads}, how.stream, &parameters);
}

}  // namespace aotgemm
