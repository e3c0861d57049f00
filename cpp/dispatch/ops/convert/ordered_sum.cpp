#include "dispatch/ops/convert/ordered_sum.hpp"

#include "dispatch/ops/convert/launch_blocks.hpp"
#include "kernels/common/ordered_sum_params.hpp"

namespace aotgemm {
namespace {

uint32_t grid_of(const OperandView& d) {
    return checked_grid("d", ordered_sum_blocks({.parts = nullptr, .c = nullptr, .d = nullptr, .rows = d.rows, .columns = d.columns,
                                                 .c_row_stride = 0, .d_row_stride = 0, .count = 1}));
}

}  // namespace

void check_ordered_sum(const OperandView& d) { grid_of(d); }

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
    Conversion& conversion = d.dtype == AOTGEMM_FP32 ? to_fp32 : to_bf16;
    launch(device, conversion.cubin_for(device), {grid_of(d), kOrderedSumThreads}, stream, &parameters);
}

}  // namespace aotgemm
