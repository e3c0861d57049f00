// Groupings by name, and which rows or which range of K belong to which group, read from host memory. On a GPU the
// kernels read the index themselves.
#pragma once

#include <vector>

#include "dispatch/ops/gemm/call.hpp"

namespace aotgemm {

// Groups of contiguous start at multiples of this many rows, so that no tile holds two groups; those of psum do unless
// the caller sets another alignment.
inline constexpr int64_t kRowAlignment = sm90::kGroupAlignment;
// The largest that the caller may set for psum: no tile has more rows.
inline constexpr int64_t kMostRowAlignment = 256;

struct RowRange {
    int64_t first, count;
};

const char* grouping_name(Grouping grouping);  // as in aotgemm_spec

// What the call names its index, or null where the grouping has none.
const char* group_index_name(Grouping grouping);
const char* group_index_name(const char* grouping);

// The index (null: none) is int32, contiguous, with one element for each row of A (contiguous) or each group; scaled_ks
// likewise, with one for each group.
void check_group_index(const GemmCall& call);

// Any index: int32, contiguous.
void check_index_vector(const Operand& operand);

// K of each group on the host: as many as D has groups, multiples of `multiple`; returns their sum.
int64_t check_ks(const GemmCall& call, int32_t multiple);

// ks_tensor on the CPU has the numbers of ks, and scaled_ks those that the words of the scales are for.
void check_ks_tensor(const GemmCall& call);

// Packed scales have so many words of K at least: the others are not read.
void check_words_of_scaled_ks(const Operand& scales, int64_t words);

// The parts of a call on the CPU that have at least one row, in ascending order. Fails for an index that names a group
// or a row which is not there, or that lets two groups share a tile of rows.
std::vector<GemmPart> read_parts(const GemmCall& call);

// Rows of D that become zeros: those without a group in a stretch of `row_alignment` rows that has some with one.
std::vector<RowRange> padding_of(const GemmCall& call, const std::vector<GemmPart>& parts);

// The same of rows alone: dense, contiguous, psum (whose groups start at multiples of `row_alignment`) and masked.
// index_name: of the call's argument.
std::vector<GemmPart> read_row_parts(Grouping grouping, const char* index_name, const int32_t* index,
                                     const GemmSizes& sizes, int64_t row_alignment);

// One part of a call, as a dense call.
GemmCall part_of(const GemmCall& call, const GemmPart& part);

}  // namespace aotgemm
