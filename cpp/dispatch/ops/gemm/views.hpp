// Operands of a GEMM as its definition has them, however they lie in memory, and their way to the CPU backend.
#pragma once

#include "dispatch/base/checks.hpp"
#include "emulation/emulation.hpp"

namespace aotgemm {

// A matrix, or `groups` of them: A is M by K, B is N by K, their scales likewise, C and D are M by N. Strides count
// elements.
struct OperandView {
    void* data = nullptr;  // null: the call has no such operand
    int32_t dtype = AOTGEMM_DTYPE_OTHER;
    bool is_mn_major = false;  // rows are adjacent in memory, not columns
    bool is_flat = false;      // a vector: the K ranges of all groups, each of them a row-major matrix
    int32_t packing = 1;       // adjacent elements in a stored one: 2 or 8 of FP4; strides count stored elements
    int64_t rows = 0, columns = 0, row_stride = 0, column_stride = 0;
    int64_t groups = 0, group_stride = 0;  // 0 groups: the tensor has no such dimension

    int32_t bytes() const { return element_bytes(dtype); }
    bool is_fp4() const { return packing == 2; }
    bool packs_rows() const { return is_fp4() && is_mn_major; }
    int64_t stored_rows() const { return packs_rows() ? rows / packing : rows; }
    int64_t stored_columns() const { return packs_rows() ? columns : columns / packing; }
};

// transposed: the tensor's last two dimensions are columns and rows, not rows and columns.
OperandView view_of(const aotgemm_tensor& tensor, bool transposed = false);

// How A or B must lie in memory for a GPU.
enum class Major {
    as_given,    // the last dimension of the tensor adjacent
    by_strides,  // either of the last two
};

// The same of an operand that may be FP4: int8 with two rows or two columns to an element, whichever are adjacent.
OperandView factor_view_of(const aotgemm_tensor& tensor, bool transposed, Major major);

// Of a K-major operand with several columns to an element.
OperandView packed_view_of(const aotgemm_tensor& tensor, int32_t columns_of_element);

// A vector that holds for each group a matrix of `rows` rows, `columns` being the sum of all groups' columns.
OperandView flat_view_of(const aotgemm_tensor& tensor, int64_t rows, int64_t columns);

// Part of a GEMM: `count` rows of A and D from `first` on, all of B, both of `group` where the operand has groups; of K,
// `k_count` elements from `k_first` on.
struct GemmPart {
    int64_t group, first, count;
    int64_t k_first, k_count;
    int64_t sfa_first = 0, sfb_first = 0;  // columns of the scales from which on they are the part's
};

// A part of an operand, a matrix without groups: rows [first, first + count), all columns.
OperandView rows_of(const OperandView& view, int64_t group, int64_t first, int64_t count);

// Columns [first, first + count) of a matrix or of a flat operand.
OperandView columns_of(const OperandView& view, int64_t first, int64_t count);

// Strides of an operand, legal ones also along single elements, where those of the tensor say nothing.
struct LegalStrides {
    int64_t outer;  // between lines of adjacent elements: rows, or columns if the operand is MN-major
    int64_t group;
};
LegalStrides legal_strides(const OperandView& view);

// Decides whether the TMA reads an operand with rows or with columns adjacent, by its strides; where these leave it open,
// by the order of the tensor's dimensions. Fails, in the words of that order, if the TMA can do neither.
void resolve_major(const Operand& operand, OperandView& view);

// "nt", "nn", "tn" or "tt", as A and B lie in memory. A 4 follows the letter of an operand of FP4 that is not K-major: "t4n"
// has such an A, "nn4" such a B.
const char* memory_layout(const OperandView& a, const OperandView& b);

// The matrix for the CPU backend. T: of the operand's element bits, or void.
template <class T>
emulation::Matrix<T> matrix_of(const OperandView& view) {
    return {static_cast<T*>(view.data), view.rows, view.columns, view.row_stride, view.column_stride};
}

inline emulation::OutType out_type_of(const OperandView& d) {
    return d.dtype == AOTGEMM_FP32 ? emulation::OutType::fp32 : emulation::OutType::bf16;
}

}  // namespace aotgemm
