#include "dispatch/base/extent.hpp"
#include "dispatch/base/settings.hpp"
#include "dispatch/ops/convert/fp4.hpp"
#include "dispatch/ops/convert/launch_blocks.hpp"
#include "dispatch/ops/gemm/views.hpp"
#include "emulation/ops/fp4_to_fp8.hpp"

namespace aotgemm {
namespace {

struct Operands {
    Operand weights, scales, q, sf, inexact;

    int row() const { return weights.tensor.ndim - 2; }
    int64_t rows() const { return weights.tensor.shape[row()]; }
    int64_t columns() const { return weights.tensor.shape[row() + 1] * 2; }
};

void check_types(const Operands& call) {
    check_dtype(call.weights, {AOTGEMM_INT8});
    check_dtype(call.scales, {AOTGEMM_FP32, AOTGEMM_INT32});
    check_dtype(call.q, {AOTGEMM_FP8_E4M3});
    check_dtype(call.sf, {AOTGEMM_FP32});
    check_dtype(call.inexact, {AOTGEMM_INT32});
    check_rank(call.weights, 2, 3);
    const int32_t rank = call.weights.tensor.ndim;
    for (const Operand& operand : {call.scales, call.q, call.sf, call.inexact}) check_rank(operand, rank, rank);
    check_same_device({call.weights, call.scales, call.q, call.sf, call.inexact});
    for (const Operand& operand : {call.weights, call.q}) check_extents(operand);
}

void check_sizes(const Operands& call) {
    const int row = call.row(), column = row + 1;
    for (const Operand& operand : {call.scales, call.q, call.sf, call.inexact}) {
        if (row > 0) check_size(operand, 0, call.weights.tensor.shape[0], "groups of weights");
    }
    const int64_t scales = ceil_div(call.columns(), kFp4Gran), blocks = ceil_div(call.columns(), kFp8Gran);
    const bool is_packed = call.scales.tensor.dtype == AOTGEMM_INT32;
    check_size(call.scales, row, call.rows(), "rows of weights");
    check_size(call.scales, column, is_packed ? ceil_div(scales, 4) : scales,
               is_packed ? "columns / 128, rounded up" : "columns / 32, rounded up");
    check_size(call.q, row, call.rows(), "rows of weights");
    check_size(call.q, column, call.columns(), "two for each byte of weights");
    if (call.sf.tensor.shape[row] != call.rows()) {
        check_size(call.sf, row, ceil_div(call.rows(), kFp8Gran), "rows of weights, or those / 128, rounded up");
    }
    check_size(call.inexact, row, call.sf.tensor.shape[row], "as in sf");
    for (const Operand& operand : {call.sf, call.inexact}) check_size(operand, column, blocks, "columns / 128, rounded up");
    for (const Operand& operand : {call.weights, call.q}) check_rows_adjacent(operand);
}

Fp4ToFp8Params parameters_of(const Operands& call) {
    const OperandView weights = view_of(call.weights.tensor), scales = view_of(call.scales.tensor);
    const OperandView q = view_of(call.q.tensor), sf = view_of(call.sf.tensor), inexact = view_of(call.inexact.tensor);
    return {.packed = static_cast<const uint8_t*>(weights.data),
            .scales = scales.data,
            .q = static_cast<uint8_t*>(q.data),
            .sf = static_cast<float*>(sf.data),
            .inexact = static_cast<int32_t*>(inexact.data),
            .groups = weights.groups > 0 ? weights.groups : 1,
            .rows = call.rows(),
            .columns = call.columns(),
            .packed_group_stride = weights.group_stride,
            .packed_row_stride = weights.row_stride,
            .scale_group_stride = scales.group_stride,
            .scale_row_stride = scales.row_stride,
            .scale_column_stride = scales.column_stride,
            .q_group_stride = q.group_stride,
            .q_row_stride = q.row_stride,
            .sf_group_stride = sf.group_stride,
            .sf_row_stride = sf.row_stride,
            .sf_column_stride = sf.column_stride,
            .inexact_group_stride = inexact.group_stride,
            .inexact_row_stride = inexact.row_stride,
            .inexact_column_stride = inexact.column_stride,
            .is_packed = scales.dtype == AOTGEMM_INT32 ? 1 : 0,
            .block_rows = sf.rows == call.rows() ? 1 : kFp8Gran};
}

}  // namespace

void fp4_to_fp8(const aotgemm_tensor& weights, const aotgemm_tensor& scales, const aotgemm_tensor& q,
                const aotgemm_tensor& sf, const aotgemm_tensor& inexact, const aotgemm_launch& options) {
    const Operands call{{"weights", weights}, {"scales", scales}, {"q", q}, {"sf", sf}, {"inexact", inexact}};
    check_types(call);
    check_sizes(call);
    if (is_empty(q)) return;
    check_call_memory({call.q, call.sf, call.inexact}, {call.weights, call.scales});
    Fp4ToFp8Params parameters = parameters_of(call);
    const uint32_t grid = checked_grid("weights", fp4_to_fp8_blocks(parameters));
    if (weights.device_type == AOTGEMM_CPU) {
        if (!settings().compile_only) emulation::fp4_to_fp8(parameters, options.cpu_threads);
        return;
    }
    static Conversion conversion{"fp4_to_fp8"};
    launch_blocks(conversion, grid, kFp4ToFp8Threads, parameters, weights.device_id, options);
}

}  // namespace aotgemm
