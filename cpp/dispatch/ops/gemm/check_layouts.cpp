// Memory, strides and addresses of operands that fit each other. The CPU refuses what the TMA cannot address, in the same
// words: a program that runs on the one runs on the other.
#include <algorithm>
#include <array>

#include "dispatch/base/extent.hpp"
#include "dispatch/ops/convert/transpose_sf.hpp"
#include "dispatch/ops/gemm/batch_reduced.hpp"
#include "dispatch/ops/gemm/check.hpp"
#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/rows.hpp"

namespace aotgemm {
namespace {

// The operands of a call where they lie.
class PlacedOperands {
   public:
    explicit PlacedOperands(const GemmCall& call) {
        const aotgemm_gemm_call& in = *call.given;
        add("d", in.d);
        add("c", in.c);
        add("workspace", in.workspace);
        add("a", in.a);
        add("b", in.b);
        add("sfa", in.sfa);
        add("sfb", in.sfb);
        add(group_index_name(call.form->grouping), in.index);
        add("scaled_ks", in.scaled_ks);
    }

    // What is written lies apart from all else, but that C may be D.
    void check_outputs_apart() const {
        check_same_or_apart(d(), c());
        for (const PlacedOperand& other : std::span(operands_).subspan(2)) check_apart(d(), other);
        if (workspace().tensor == nullptr) return;
        check_apart(workspace(), c());
        for (const PlacedOperand& other : std::span(operands_).subspan(3)) check_apart(workspace(), other);
    }

   private:
    // An operand that the call has not has no extent.
    void add(const char* name, const aotgemm_tensor* tensor) {
        operands_[count_++] = tensor != nullptr ? place({name, *tensor}) : PlacedOperand{name, nullptr, {}};
    }
    const PlacedOperand& d() const { return operands_[0]; }
    const PlacedOperand& c() const { return operands_[1]; }
    const PlacedOperand& workspace() const { return operands_[2]; }

    std::array<PlacedOperand, 9> operands_;
    int count_ = 0;
};

// FP4 lies along K or along M (or N): two codes of the adjacent dimension to a byte.
void check_fp4_lines(const Operand& operand, const OperandView& view) {
    const int64_t rows = view.stored_rows(), columns = view.stored_columns();
    const int64_t count = view.is_mn_major ? columns : rows, length = view.is_mn_major ? rows : columns;
    const int64_t distance = view.is_mn_major ? view.column_stride : view.row_stride;
    if ((view.is_mn_major ? view.row_stride : view.column_stride) != 1) {
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": strides are ", stride_text(operand.tensor),
             ", one of the last two must be 1 for FP4 (two codes to a byte along it)");
    }
    if (count > 1 && distance < length) {
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": strides are ", stride_text(operand.tensor), ", lines of ", length,
             " bytes of FP4 may not overlap");
    }
}

// What the TMA asks of FP4.
void check_fp4_layout(const Operand& operand, const OperandView& view) {
    const aotgemm_tensor& tensor = operand.tensor;
    if (is_empty(tensor)) return;
    check_fp4_lines(operand, view);
    for (int i = 0; i < tensor.ndim; ++i) {
        const int64_t stride = tensor.stride[i];
        if (tensor.shape[i] <= 1 || stride == 1) continue;
        if (stride >= kTmaStrideLimit) {
            fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride of dimension ", i, " is ", stride,
                 " bytes, must be less than ", kTmaStrideLimit);
        }
        if (stride >= 0 && stride % kFp4Alignment == 0) continue;
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride of dimension ", i, " is ", stride,
             " bytes, must be a multiple of ", kFp4Alignment, " from 0 on for FP4; the nearest is ",
             align_up(std::max<int64_t>(stride, 0), kFp4Alignment));
    }
    check_alignment(operand, kFp4Alignment);
}

void check_factor(const Operand& operand, Major major, OperandView& view) {
    if (view.is_flat) {
        check_rows_adjacent(operand);
        check_alignment(operand, kTmaAlignment);
    } else if (view.is_fp4() && major == Major::by_strides) {
        check_fp4_layout(operand, view);
    } else if (major == Major::by_strides) {
        resolve_major(operand, view);
    } else {
        check_matrix_layout(operand, view.bytes());
        if (view.is_fp4()) check_fp4_layout(operand, view);
    }
}

void check_strides(GemmCall& call) {
    const aotgemm_gemm_call& in = *call.given;
    check_factor({"a", *in.a}, call.form->major_a, call.a);
    check_factor({"b", *in.b}, call.form->major_b, call.b);
    check_matrix_layout({"d", *in.d}, call.d.bytes());
    if (in.c != nullptr) check_matrix_layout({"c", *in.c}, call.d.bytes());
    check_no_overlap({"d", *in.d});
    if (!call.family->has_packed_scales()) return;
    for (const Operand& scales : {Operand{"sfa", *in.sfa}, Operand{"sfb", *in.sfb}}) {
        check_scale_layout(scales, "get_mn_major_tma_aligned_packed_ue8m0_tensor of the FP32 scales");
    }
}

bool may_be_copied(const GemmCall& call) { return !call.family->has_packed_scales(); }

// Scales by row that the TMA cannot read as they are can be copied, on a GPU that has the memory.
void check_copies(const GemmCall& call) {
    const aotgemm_gemm_call& in = *call.given;
    if (call.family->scale_rows_a == 1 && !is_scale_layout(*in.sfa)) check_mn_major_copy(call.sfa);
    if (call.family->scale_rows_b == 1 && !is_scale_layout(*in.sfb)) check_mn_major_copy(call.sfb);
}

// Whether the TMA must be given a copy of scales by row. Fails where it must, and there is no memory for one.
bool needs_copy(const Operand& scales, const aotgemm_allocator* allocator) {
    if (is_scale_layout(scales.tensor)) return false;
    if (allocator == nullptr) check_scale_layout(scales);
    return true;
}

void note_copies(GemmCall& call, const aotgemm_allocator* allocator) {
    const aotgemm_gemm_call& in = *call.given;
    call.copies_sfa = call.family->scale_rows_a == 1 && needs_copy({"sfa", *in.sfa}, allocator);
    call.copies_sfb = call.family->scale_rows_b == 1 && needs_copy({"sfb", *in.sfb}, allocator);
}

}  // namespace

void check_layouts(GemmCall& call, const aotgemm_allocator* allocator) {
    const PlacedOperands operands(call);
    check_strides(call);
    if (may_be_copied(call)) check_copies(call);
    if (!call.is_on_cpu() && may_be_copied(call)) note_copies(call, allocator);
    if (call.form->grouping == Grouping::batch_reduced) check_workspace(call, allocator);
    operands.check_outputs_apart();
    if (call.is_on_cpu() && call.form->grouping == Grouping::k_grouped) check_ks_tensor(call);
}

}  // namespace aotgemm
