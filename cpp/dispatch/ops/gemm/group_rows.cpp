#include "dispatch/ops/gemm/group_rows.hpp"

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

// `row` starts another range than the one before it.
void check_alignment_of_group(const Operand& index, const GroupRows& before, int64_t row) {
    const int64_t group = values_of(index)[row], last = before.first + before.count - 1;
    if (group == before.group || row / kMkAlignment != last / kMkAlignment) return;
    fail(AOTGEMM_ERROR_SHAPE, index.name, ": row ", row, " has group ", group, " and row ", last, " has ", before.group,
         ", but each group must start at a multiple of ", kMkAlignment);
}

std::vector<GroupRows> read_contiguous(const Operand& index, int64_t groups, int64_t rows) {
    check_groups_of_rows(index, groups, rows);
    std::vector<GroupRows> ranges;
    for (int64_t row = 0; row < rows; ++row) {
        const int64_t group = values_of(index)[row];
        if (group < 0) continue;
        if (ranges.empty() || ranges.back().group != group || ranges.back().first + ranges.back().count != row) {
            if (!ranges.empty()) check_alignment_of_group(index, ranges.back(), row);
            ranges.push_back({group, row, 0});
        }
        ++ranges.back().count;
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

const char* grouping_name(Grouping grouping) {
    switch (grouping) {
        case Grouping::contiguous: return "contiguous";
        case Grouping::psum: return "psum";
        case Grouping::masked: return "masked";
        case Grouping::batched: break;
    }
    return "batched";
}

const char* group_index_name(Grouping grouping) { return grouping == Grouping::masked ? "masked_m" : "grouped_layout"; }

void check_group_index(const aotgemm_tensor* index, Grouping grouping, int64_t groups, int64_t rows) {
    if (index == nullptr) return;
    const Operand operand{group_index_name(grouping), *index};
    check_dtype(operand, {AOTGEMM_INT32});
    check_rank(operand, 1, 1);
    const bool by_row = grouping == Grouping::contiguous;
    check_size(operand, 0, by_row ? rows : groups, by_row ? "M of a" : "groups of b");
    if (index->shape[0] > 1 && index->stride[0] != 1) {
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride is ", index->stride[0], ", must be 1 (contiguous)");
    }
    if (reinterpret_cast<uintptr_t>(index->data) % 4 != 0) {
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": data must start at a multiple of 4 bytes");
    }
}

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
