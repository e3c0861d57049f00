#include "dispatch/ops/gemm/views.hpp"

namespace aotgemm {
namespace {

// As `outer` lines of `inner` adjacent elements. A stride along a single element says nothing.
bool is_addressable(const OperandView& view, bool mn_major) {
    const int64_t multiple = kTmaAlignment / view.bytes(), limit = kTmaStrideLimit / view.bytes();
    const int64_t outer = mn_major ? view.columns : view.rows, inner = mn_major ? view.rows : view.columns;
    const int64_t outer_stride = mn_major ? view.column_stride : view.row_stride;
    const int64_t inner_stride = mn_major ? view.row_stride : view.column_stride;
    return (inner <= 1 || inner_stride == 1) &&
           (outer <= 1 || (outer_stride >= inner && outer_stride < limit && outer_stride % multiple == 0));
}

bool is_aligned(const OperandView& view) {
    const int64_t multiple = kTmaAlignment / view.bytes(), limit = kTmaStrideLimit / view.bytes();
    return reinterpret_cast<uintptr_t>(view.data) % kTmaAlignment == 0 &&
           (view.groups <= 1 || (view.group_stride >= 0 && view.group_stride < limit && view.group_stride % multiple == 0));
}

OperandView moved_by(OperandView view, int64_t elements) {
    view.data = static_cast<char*>(view.data) + elements * view.bytes();
    return view;
}

}  // namespace

OperandView view_of(const aotgemm_tensor& tensor, bool transposed) {
    const int row = tensor.ndim - 2 + (transposed ? 1 : 0), column = tensor.ndim - 2 + (transposed ? 0 : 1);
    OperandView view{.data = tensor.data,
                     .dtype = tensor.dtype,
                     .is_mn_major = transposed,
                     .rows = tensor.shape[row],
                     .columns = tensor.shape[column],
                     .row_stride = tensor.stride[row],
                     .column_stride = tensor.stride[column]};
    if (tensor.ndim == 3) {
        view.groups = tensor.shape[0];
        view.group_stride = tensor.stride[0];
    }
    return view;
}

OperandView factor_view_of(const aotgemm_tensor& tensor, bool transposed, Major major) {
    OperandView view = view_of(tensor, transposed);
    if (tensor.dtype != AOTGEMM_INT8) return view;
    view.packing = 2;
    if (major == Major::by_strides) view.is_mn_major = view.column_stride != 1 && view.row_stride == 1;
    (view.is_mn_major ? view.rows : view.columns) *= view.packing;
    return view;
}

OperandView packed_view_of(const aotgemm_tensor& tensor, int32_t columns_of_element) {
    OperandView view = view_of(tensor);
    view.packing = columns_of_element;
    view.columns *= columns_of_element;
    return view;
}

OperandView flat_view_of(const aotgemm_tensor& tensor, int64_t rows, int64_t columns) {
    return {.data = tensor.data, .dtype = tensor.dtype, .is_flat = true, .rows = rows, .columns = columns, .column_stride = 1};
}

OperandView rows_of(const OperandView& view, int64_t group, int64_t first, int64_t count) {
    const int64_t stored_first = view.packs_rows() ? first / view.packing : first;
    OperandView out = moved_by(view, (view.groups > 0 ? group * view.group_stride : 0) + stored_first * view.row_stride);
    out.rows = count;
    out.groups = out.group_stride = 0;
    return out;
}

OperandView columns_of(const OperandView& view, int64_t first, int64_t count) {
    const int64_t stored_first = view.packs_rows() ? first : first / view.packing;
    OperandView out = moved_by(view, stored_first * (view.is_flat ? view.rows : view.column_stride));
    out.columns = count;
    if (view.is_flat) out.row_stride = count;
    out.is_flat = false;
    return out;
}

LegalStrides legal_strides(const OperandView& view) {
    const int64_t rows = view.stored_rows(), columns = view.stored_columns();
    const int64_t inner = view.is_mn_major ? rows : columns, outer = view.is_mn_major ? columns : rows;
    const int64_t given = view.is_mn_major ? view.column_stride : view.row_stride;
    const int64_t alignment = view.is_fp4() ? kFp4Alignment : kTmaAlignment / view.bytes();
    const int64_t stride = outer > 1 ? given : align_up(inner, alignment);
    return {.outer = stride, .group = view.groups > 1 ? view.group_stride : view.groups * stride};
}

void resolve_major(const Operand& operand, OperandView& view) {
    const bool as_given = is_addressable(view, view.is_mn_major);
    if (!as_given && is_addressable(view, !view.is_mn_major) && is_aligned(view)) {
        view.is_mn_major = !view.is_mn_major;
    } else {
        check_matrix_layout(operand, view.bytes());
    }
}

const char* memory_layout(const OperandView& a, const OperandView& b) {
    constexpr const char* kLayouts[3][3] = {{"nt", "nn", "nn4"}, {"tt", "tn", "tn4"}, {"t4t", "t4n", "t4n4"}};
    const auto kind = [](const OperandView& view) { return view.packs_rows() ? 2 : view.is_mn_major ? 1 : 0; };
    return kLayouts[kind(a)][kind(b)];
}

}  // namespace aotgemm
