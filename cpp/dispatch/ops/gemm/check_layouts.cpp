// Strides and addresses of operands that fit each other.
#include "dispatch/ops/gemm/batch_reduced.hpp"
#include "dispatch/ops/gemm/check.hpp"
#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/rows.hpp"

namespace aotgemm {
namespace {

void check_ab_on_cuda(const Operand& operand, Major major, OperandView& view) {
    if (view.is_flat) return check_alignment(operand);
    if (major == Major::by_strides) return resolve_major(operand, view);
    check_matrix_layout(operand, view.bytes());
}

// Whether the TMA must be given a copy of scales by row. Fails where it must, and there is no memory for one.
bool needs_copy(const Operand& scales, const aotgemm_allocator* allocator) {
    if (is_scale_layout(scales.tensor)) return false;
    if (allocator == nullptr) check_scale_layout(scales);
    return true;
}

void check_layouts_on_cuda(GemmCall& call, const aotgemm_allocator* allocator) {
    const aotgemm_gemm_call& in = *call.given;
    check_ab_on_cuda({"a", *in.a}, call.form->major_a, call.a);
    check_ab_on_cuda({"b", *in.b}, call.form->major_b, call.b);
    check_matrix_layout({"d", *in.d}, call.d.bytes());
    if (in.c != nullptr) check_matrix_layout({"c", *in.c}, call.d.bytes());
    call.copies_sfa = call.family->scale_rows_a == 1 && needs_copy({"sfa", *in.sfa}, allocator);
    call.copies_sfb = call.family->scale_rows_b == 1 && needs_copy({"sfb", *in.sfb}, allocator);
    if (call.form->grouping == Grouping::batch_reduced) check_workspace(call, allocator);
}

}  // namespace

void check_layouts(GemmCall& call, const aotgemm_allocator* allocator) {
    if (call.family->operands == AOTGEMM_FP8_E4M3) {
        check_rows_adjacent({"a", *call.given->a});
        check_rows_adjacent({"b", *call.given->b});
    }
    if (!call.is_on_cpu()) check_layouts_on_cuda(call, allocator);
    check_no_overlap({"d", *call.given->d});
    if (call.is_on_cpu() && call.form->grouping == Grouping::k_grouped) check_ks_tensor(call);
}

}  // namespace aotgemm
