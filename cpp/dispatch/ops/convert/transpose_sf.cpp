#include "dispatch/ops/convert/transpose_sf.hpp"

#include "dispatch/base/extent.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/convert/launch_blocks.hpp"
#include "emulation/ops/transpose_sf.hpp"
#include "kernels/common/transpose_sf_params.hpp"

namespace aotgemm {
namespace {

// Columns of a copy start at multiples of 16 bytes.
int64_t leading_of(const OperandView& scales) { return align_up(scales.rows, 4); }

TransposeSfParams parameters_of(const OperandView& scales, float* out) {
    return {.sf = static_cast<const float*>(scales.data),
            .out = out,
            .groups = scales.groups > 0 ? scales.groups : 1,
            .mn = scales.rows,
            .k = scales.columns,
            .group_stride = scales.group_stride,
            .mn_stride = scales.row_stride,
            .k_stride = scales.column_stride,
            .out_leading = leading_of(scales)};
}

uint32_t grid_of(const TransposeSfParams& parameters) { return checked_grid("sf", transpose_sf_blocks(parameters)); }

void copy_on_cpu(const OperandView& scales, float* out) {
    const int64_t groups = scales.groups > 0 ? scales.groups : 1;
    for (int64_t group = 0; group < groups; ++group) {
        emulation::transpose_sf(matrix_of<const float>(rows_of(scales, group, 0, scales.rows)),
                                out + group * scales.columns * leading_of(scales), leading_of(scales));
    }
}

}  // namespace

bool sf_is_aligned(const aotgemm_tensor& sf) {
    if (sf.dtype != AOTGEMM_FP32 || (sf.ndim != 2 && sf.ndim != 3)) return false;
    const OperandView in = view_of(sf);
    const int64_t leading = leading_of(in);
    return in.row_stride == 1 && in.column_stride == leading && (sf.ndim == 2 || in.group_stride == leading * in.columns) &&
           reinterpret_cast<uintptr_t>(sf.data) % 16 == 0;
}

int64_t mn_major_bytes(const OperandView& scales) {
    const int64_t groups = scales.groups > 0 ? scales.groups : 1;
    const std::optional<int64_t> bytes =
        checked_product({groups, leading_of(scales), scales.columns, int64_t{sizeof(float)}});
    if (bytes) return *bytes;
    fail(AOTGEMM_ERROR_SHAPE, "sf: its copy of ", groups, " groups of ", scales.rows, " rows and ", scales.columns,
         " columns needs more than 2^63 bytes");
}

void check_mn_major_copy(const OperandView& scales) {
    mn_major_bytes(scales);
    grid_of(parameters_of(scales, nullptr));
}

OperandView launch_mn_major_copy(const OperandView& scales, float* out, const CudaDevice& device, void* stream) {
    static Conversion transpose_sf{"transpose_sf_fp32"};
    TransposeSfParams parameters = parameters_of(scales, out);
    launch(device, transpose_sf.cubin_for(device), {grid_of(parameters), kTransposeSfThreads}, stream, &parameters);
    OperandView copy = scales;
    copy.data = out;
    copy.row_stride = 1;
    copy.column_stride = leading_of(scales);
    copy.group_stride = copy.column_stride * scales.columns;
    return copy;
}

void sf_to_mn_major(const aotgemm_tensor& sf, const aotgemm_tensor& out, const aotgemm_launch& options) {
    const Operand source{"sf", sf}, target{"out", out};
    check_dtype(source, {AOTGEMM_FP32});
    check_dtype(target, {AOTGEMM_FP32});
    check_rank(source, 2, 3);
    check_rank(target, sf.ndim, sf.ndim);
    check_same_device({source, target});
    check_extents(source);
    for (int i = 0; i < sf.ndim; ++i) check_size(target, i, sf.shape[i], "as in sf");
    if (is_empty(sf)) return;
    const OperandView in = view_of(sf);
    check_mn_major_copy(in);
    const PlacedOperand from = place(source), to = place(target);
    if (!sf_is_aligned(out)) {
        fail(AOTGEMM_ERROR_LAYOUT, "out: must have strides ([", leading_of(in) * in.columns, ", ]1, ", leading_of(in),
             ") and 16-byte aligned data");
    }
    check_apart(to, from);
    if (sf.device_type == AOTGEMM_CPU) {
        if (!settings().compile_only) copy_on_cpu(in, static_cast<float*>(out.data));
        return;
    }
    const CudaDevice& device = cuda_device(sf.device_id);
    const ContextScope scope(device);
    launch_mn_major_copy(in, static_cast<float*>(out.data), device, options.stream);
}

}  // namespace aotgemm
