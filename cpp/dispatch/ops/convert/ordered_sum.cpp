#include "dispatch/ops/convert/ordered_sum.hpp"

#include "dispatch/runtime/launch.hpp"
#include "kernels/common/ordered_sum_params.hpp"

namespace aotgemm {

void ordered_sum(const OperandView& parts, const OperandView& c, const OperandView& d, const CudaDevice& device,
                 void* stream) {
    static Conversion to_fp32{"ordered_sum_fp32_fp32"}, to_bf16{"ordered_sum_fp32_bf16"};
    OrderedSumParams parameters{.parts = static_cast<const float*>(parts.data),
                                .c = c.data,
                                .d = d.data,
                                .rows = d.rows,
                                .columns = d.columns,
                                .c_row_stride = c.data != nullptr ? legal_strides(c).outer : 0,
                                .d_row_stride = legal_strides(d).outer,
                                .count = static_cast<int32_t>(parts.groups)};
    const int64_t blocks = ordered_sum_blocks(parameters);
    if (blocks > INT32_MAX) {
        fail(AOTGEMM_ERROR_SHAPE, "d: its sum needs ", blocks, " thread blocks, allowed is at most ", INT32_MAX);
    }
    Conversion& conversion = d.dtype == AOTGEMM_FP32 ? to_fp32 : to_bf16;
    launch(device, conversion.cubin_for(device), {static_cast<uint32_t>(blocks), kOrderedSumThreads}, stream, &parameters);
}

}  // namespace aotgemm
