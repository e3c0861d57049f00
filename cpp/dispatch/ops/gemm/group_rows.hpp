// Which rows belong to which group, read from an index in host memory. On a GPU the kernels read it themselves.
#pragma once

#include <vector>

#include "dispatch/base/checks.hpp"
#include "dispatch/ops/gemm/fp8_grouped.hpp"

namespace aotgemm {

inline bool has_batch_of_a(Grouping grouping) { return grouping == Grouping::masked || grouping == Grouping::batched; }

const char* grouping_name(Grouping grouping);     // as in aotgemm_spec
const char* group_index_name(Grouping grouping);  // as in the call

// The index (null: none) is int32, contiguous, one for each row (contiguous) or each group.
void check_group_index(const aotgemm_tensor* index, Grouping grouping, int64_t groups, int64_t rows);

// Rows [first, first + count) of A and D meet the B of `group`. Rows of a batch are counted within their group.
struct GroupRows {
    int64_t group, first, count;
};

// Ranges with at least one row, in ascending order. `groups`: how many there are; `rows`: of A, or of each group's A.
// Fails for an index that names a group or a row which is not there, or that lets two groups share a tile of rows.
std::vector<GroupRows> read_group_rows(Grouping grouping, const Operand& index, int64_t groups, int64_t rows);

}  // namespace aotgemm
