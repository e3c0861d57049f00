#include "dispatch/group_rows.hpp"

#include <algorithm>

namespace aotgemm {
namespace {

const int32_t* values_of(const Operand& index) { return static_cast<const int32_t*>(index.tensor.data); }

void check_groups_of_rows(const Operand& index, int64_t groups, int64_t rows) {
    const int32_t* group = values_of(index);
    for (int64_t row = 0; row < rows; ++row) {
        if (group[row] >= -1 && group[row] < groups) continue;
        fail(AOTGEMM_ERROR_SHAPE, index.name, ": row ", row, " has group ", group[row], ", allowed is -1 (not computed) to ",
             groups - 1);
    }
}

// One aligned block of rows: those of one group first, then rows that are not computed.
GroupRows read_block(const Operand& index, int64_t first, int64_t end) {
    const int32_t* group = values_of(index);
    const auto same = [&](int64_t row, int32_t wanted) { return group[row] == wanted; };
    int64_t row = first;
    while (row < end && group[first] >= 0 && same(row, group[first])) ++row;
    const int64_t count = row - first;
    while (row < end && same(row, -1)) ++row;
    if (row < end) {
        fail(AOTGEMM_ERROR_SHAPE, index.name, ": row ", row, " has group ", group[row], " and row ", row - 1, " has ",
             group[row - 1], ", but a group must start at a multiple of ", kMkAlignment, " and its rows precede those with -1");
    }
    return {group[first], first, count};
}

std::vector<GroupRows> read_contiguous(const Operand& index, int64_t groups, int64_t rows) {
    check_groups_of_rows(index, groups, rows);
    std::vector<GroupRows> ranges;
    for (int64_t first = 0; first < rows; first += kMkAlignment) {
        const GroupRows block = read_block(index, first, std::min(first + kMkAlignment, rows));
        if (block.count > 0) ranges.push_back(block);
    }
    return ranges;
}

std::vector<GroupRows> read_psum(const Operand& index, int64_t groups, int64_t rows) {
    std::vector<GroupRows> ranges;
    int64_t start = 0;
    for (int64_t group = 0; group < groups; ++group) {
        const int64_t end = values_of(index)[group];
        if (end < start || (end > start && end > rows)) {
            fail(AOTGEMM_ERROR_SHAPE, index.name, ": group ", group, " ends at row ", end, ", allowed is ", start,
                 " (its start, the end of the group before it aligned to ", kMkAlignment, ") to ", rows, " (M of a)");
        }
        if (end > start) ranges.push_back({group, start, end - start});
        start = align_up(end, kMkAlignment);
    }
    return ranges;
}

std::vector<GroupRows> read_masked(const Operand& index, int64_t groups, int64_t rows) {
    std::vector<GroupRows> ranges;
    for (int64_t group = 0; group < groups; ++group) {
        const int64_t count = values_of(index)[group];
        if (count < 0 || count > rows) {
            fail(AOTGEMM_ERROR_SHAPE, index.name, ": group ", group, " has ", count, " rows, allowed is 0 to ", rows,
                 " (M of a)");
        }
        if (count > 0) ranges.push_back({group, 0, count});
    }
    return ranges;
}

std::vector<GroupRows> all_rows(int64_t groups, int64_t rows) {
    std::vector<GroupRows> ranges;
    for (int64_t group = 0; group < groups; ++group) ranges.push_back({group, 0, rows});
    return ranges;
}

}  // namespace

std::vector<GroupRows> read_group_rows(Grouping grouping, const Operand& index, int64_t groups, int64_t rows) {
    switch (grouping) {
        case Grouping::contiguous: return read_contiguous(index, groups, rows);
        case Grouping::psum: return read_psum(index, groups, rows);
        case Grouping::masked: return read_masked(index, groups, rows);
        case Grouping::batched: break;
    }
    return all_rows(groups, rows);
}

}  // namespace aotgemm
