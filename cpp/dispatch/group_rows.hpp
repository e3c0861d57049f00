// Which rows belong to which group, read from an index in host memory. On a GPU the kernels read it themselves.
#pragma once

#include <vector>

#include "dispatch/checks.hpp"
#include "dispatch/fp8_grouped.hpp"

namespace aotgemm {

// Rows [first, first + count) of A and D meet the B of `group`. Rows of a batch are counted within their group.
struct GroupRows {
    int64_t group, first, count;
};

// Ranges with at least one row, in ascending order. `groups`: how many there are; `rows`: of A, or of each group's A.
// Fails for an index that names a group or a row which is not there, or that lets two groups share a tile of rows.
std::vector<GroupRows> read_group_rows(Grouping grouping, const Operand& index, int64_t groups, int64_t rows);

}  // namespace aotgemm
