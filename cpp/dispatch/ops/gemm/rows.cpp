#include "dispatch/ops/gemm/rows.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch/ops/gemm/families.hpp"

namespace aotgemm {
namespace {

struct NamedGrouping {
    Grouping grouping;
    const char *name, *index;
};

constexpr NamedGrouping kGroupings[] = {
    {Grouping::dense, "dense", nullptr},           {Grouping::batched, "batched", nullptr},
    {Grouping::contiguous, "contiguous", "grouped_layout"}, {Grouping::psum, "psum", "grouped_layout"},
    {Grouping::masked, "masked", "masked_m"},      {Grouping::k_grouped, "k_grouped", "ks_tensor"},
    {Grouping::batch_reduced, "batch_reduced", nullptr},
};

const NamedGrouping& named(Grouping grouping) { return kGroupings[static_cast<int>(grouping)]; }

constexpr bool are_in_order() {
    for (int i = 0; i < static_cast<int>(std::size(kGroupings)); ++i) {
        if (static_cast<int>(kGroupings[i].grouping) != i) return false;
    }
    return true;
}
static_assert(are_in_order());

// An index in host memory, with its name in the call.
struct HostIndex {
    const char* name;
    const int32_t* values;
};

// Rows of a group, over all of K.
GemmPart rows_part(const GemmSizes& sizes, int64_t group, int64_t first, int64_t count) {
    return {.group = group, .first = first, .count = count, .k_first = 0, .k_count = sizes.k};
}

void check_groups_of_rows(const HostIndex& index, int64_t groups, int64_t rows) {
    for (int64_t row = 0; row < rows; ++row) {
        if (index.values[row] >= -1 && index.values[row] < groups) continue;
        fail(AOTGEMM_ERROR_SHAPE, index.name, ": row ", row, " has group ", index.values[row],
             ", allowed is -1 (not computed) to ", groups - 1);
    }
}

// `row` starts another part than the one before it.
void check_alignment_of_group(const HostIndex& index, const GemmPart& before, int64_t row) {
    const int64_t group = index.values[row], last = before.first + before.count - 1;
    if (group == before.group || row / kRowAlignment != last / kRowAlignment) return;
    fail(AOTGEMM_ERROR_SHAPE, index.name, ": row ", row, " has group ", group, " and row ", last, " has ", before.group,
         ", but each group must start at a multiple of ", kRowAlignment);
}

std::vector<GemmPart> read_contiguous(const HostIndex& index, const GemmSizes& sizes) {
    check_groups_of_rows(index, sizes.groups, sizes.m);
    std::vector<GemmPart> parts;
    for (int64_t row = 0; row < sizes.m; ++row) {
        const int64_t group = index.values[row];
        if (group < 0) continue;
        if (parts.empty() || parts.back().group != group || parts.back().first + parts.back().count != row) {
            if (!parts.empty()) check_alignment_of_group(index, parts.back(), row);
            parts.push_back(rows_part(sizes, group, row, 0));
        }
        ++parts.back().count;
    }
    return parts;
}

std::vector<GemmPart> read_psum(const HostIndex& index, const GemmSizes& sizes, int32_t alignment) {
    std::vector<GemmPart> parts;
    int64_t start = 0;
    for (int64_t group = 0; group < sizes.groups; ++group) {
        const int64_t end = index.values[group];
        if (end < start || (end > start && end > sizes.m)) {
            fail(AOTGEMM_ERROR_SHAPE, index.name, ": group ", group, " ends at row ", end, ", allowed is ", start,
                 " (its start, the end of the group before it aligned to ", alignment, ") to ", sizes.m, " (M of a)");
        }
        if (end > start) parts.push_back(rows_part(sizes, group, start, end - start));
        start = align_up(end, alignment);
    }
    return parts;
}

std::vector<GemmPart> read_masked(const HostIndex& index, const GemmSizes& sizes) {
    std::vector<GemmPart> parts;
    for (int64_t group = 0; group < sizes.groups; ++group) {
        const int64_t count = index.values[group];
        if (count < 0 || count > sizes.m) {
            fail(AOTGEMM_ERROR_SHAPE, index.name, ": group ", group, " has ", count, " rows, allowed is 0 to ", sizes.m,
                 " (M of a)");
        }
        if (count > 0) parts.push_back(rows_part(sizes, group, 0, count));
    }
    return parts;
}

// Of a group's K the whole steps that are multiplied.
int64_t scaled_k(const GemmCall& call, int32_t group) {
    if (call.given->scaled_ks == nullptr) return call.given->ks[group];
    return align_up(int64_t{call.scaled_ks()[group]}, call.form->ks_multiple);
}

std::vector<GemmPart> read_k_ranges(const GemmCall& call) {
    std::vector<GemmPart> parts;
    GemmPart part{.group = 0, .first = 0, .count = call.sizes.m, .k_first = 0, .k_count = 0};
    for (int32_t group = 0; group < call.given->ks_count; ++group) {
        part.group = group;
        part.k_count = scaled_k(call, group);
        parts.push_back(part);
        part.k_first += call.given->ks[group];
        if (!call.family->has_scales()) continue;
        part.sfa_first += ceil_div(part.k_count, call.columns_of_sfa);
        part.sfb_first += ceil_div(part.k_count, call.columns_of_sfb);
    }
    return parts;
}

std::vector<GemmPart> all_rows(int64_t groups, const GemmSizes& sizes) {
    std::vector<GemmPart> parts;
    for (int64_t group = 0; group < groups; ++group) parts.push_back(rows_part(sizes, group, 0, sizes.m));
    return parts;
}

}  // namespace

const char* grouping_name(Grouping grouping) { return named(grouping).name; }
const char* group_index_name(Grouping grouping) { return named(grouping).index; }
const char* group_index_name(const char* grouping) {
    for (const NamedGrouping& known : kGroupings) {
        if (grouping != nullptr && std::strcmp(known.name, grouping) == 0) return known.index;
    }
    return nullptr;
}

void check_group_index(const GemmCall& call) {
    const Grouping grouping = call.form->grouping;
    if (call.given->scaled_ks != nullptr) {
        const Operand scaled{"scaled_ks", *call.given->scaled_ks};
        check_index_vector(scaled);
        check_size(scaled, 0, call.sizes.groups, "elements of ks");
    }
    if (call.given->index == nullptr) return;
    const aotgemm_tensor& index = *call.given->index;
    const Operand operand{group_index_name(grouping), index};
    check_index_vector(operand);
    const bool by_row = grouping == Grouping::contiguous;
    check_size(operand, 0, by_row ? call.sizes.m : call.sizes.groups,
               by_row ? "M of a" : grouping == Grouping::k_grouped ? "elements of ks" : "groups of b");
}

void check_index_vector(const Operand& operand) {
    check_dtype(operand, {AOTGEMM_INT32});
    check_rank(operand, 1, 1);
    const aotgemm_tensor& index = operand.tensor;
    if (index.shape[0] > 1 && index.stride[0] != 1) {
        fail(AOTGEMM_ERROR_LAYOUT, operand.name, ": stride is ", index.stride[0], ", must be 1 (contiguous)");
    }
}

int64_t check_ks(const GemmCall& call, int32_t multiple) {
    const int64_t groups = call.given->d->shape[0];
    if (call.given->ks_count != groups) {
        fail(AOTGEMM_ERROR_SHAPE, "ks: has ", call.given->ks_count, " elements, must have ", groups, " (groups of d)");
    }
    int64_t sum = 0;
    for (int32_t group = 0; group < call.given->ks_count; ++group) {
        const int64_t k = call.given->ks[group];
        if (k > kMostExtent) {
            fail(AOTGEMM_ERROR_SHAPE, "ks: group ", group, " has K = ", k, ", allowed is at most ", kMostExtent);
        }
        if (k < 0 || k % multiple != 0) {
            fail(AOTGEMM_ERROR_SHAPE, "ks: group ", group, " has K = ", k, ", must be a multiple of ", multiple,
                 " from 0 on; the nearest is ", align_up(std::max<int64_t>(k, 0), multiple));
        }
        sum += k;
    }
    if (sum > kMostExtent) fail(AOTGEMM_ERROR_SHAPE, "ks: the sum is ", sum, ", allowed is at most ", kMostExtent);
    return sum;
}

namespace {

void check_scaled_ks(const GemmCall& call) {
    int64_t words_a = 0, words_b = 0;
    for (int32_t group = 0; group < call.given->ks_count; ++group) {
        const int64_t scaled = call.scaled_ks()[group], k = call.given->ks[group];
        if (scaled < 0 || scaled > k) {
            fail(AOTGEMM_ERROR_SHAPE, "scaled_ks: is ", scaled, " for group ", group, ", allowed is 0 to ", k, ", its K");
        }
        words_a += ceil_div(scaled, call.columns_of_sfa);
        words_b += ceil_div(scaled, call.columns_of_sfb);
    }
    check_words_of_scaled_ks({"sfa", *call.given->sfa}, words_a);
    check_words_of_scaled_ks({"sfb", *call.given->sfb}, words_b);
}

}  // namespace

void check_words_of_scaled_ks(const Operand& scales, int64_t words) {
    const int dimension = scales.tensor.ndim - 1;
    if (scales.tensor.shape[dimension] >= words) return;
    fail(AOTGEMM_ERROR_SHAPE, scales.name, ": size ", dimension, " is ", scales.tensor.shape[dimension], ", must be at least ",
         words, " (words of four scales of the K in scaled_ks)");
}

void check_ks_tensor(const GemmCall& call) {
    const int32_t* values = call.index();
    for (int32_t group = 0; group < call.given->ks_count; ++group) {
        if (values[group] == call.given->ks[group]) continue;
        fail(AOTGEMM_ERROR_SHAPE, "ks_tensor: is ", values[group], " for group ", group, ", must be ", call.given->ks[group],
             " as in ks");
    }
    if (call.given->scaled_ks != nullptr) check_scaled_ks(call);
}

std::vector<GemmPart> read_parts(const GemmCall& call) {
    if (call.form->grouping == Grouping::k_grouped) return read_k_ranges(call);
    const char* name = group_index_name(call.form->grouping);
    return read_row_parts(call.form->grouping, name, call.index(), call.sizes, call.row_alignment);
}

std::vector<GemmPart> read_row_parts(Grouping grouping, const char* index_name, const int32_t* values,
                                     const GemmSizes& sizes, int64_t row_alignment) {
    const HostIndex index{index_name, values};
    switch (grouping) {
        case Grouping::contiguous: return read_contiguous(index, sizes);
        case Grouping::psum: return read_psum(index, sizes, row_alignment);
        case Grouping::masked: return read_masked(index, sizes);
        case Grouping::batched: return all_rows(sizes.groups, sizes);
        case Grouping::dense:
        case Grouping::k_grouped:
        case Grouping::batch_reduced: break;
    }
    return all_rows(1, sizes);
}

std::vector<RowRange> padding_of(const GemmCall& call, const std::vector<GemmPart>& parts) {
    std::vector<RowRange> padding;
    const Grouping grouping = call.form->grouping;
    if (grouping != Grouping::contiguous && grouping != Grouping::psum) return padding;
    const auto add = [&](int64_t first, int64_t end) {
        if (end > first) padding.push_back({.first = first, .count = end - first});
    };
    int64_t before = 0;  // where the part before ends
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const int64_t first = parts[i].first, end = first + parts[i].count;
        const int64_t next = i + 1 < parts.size() ? parts[i + 1].first : call.sizes.m;
        add(std::max(before, first / call.row_alignment * call.row_alignment), first);
        add(end, before = std::min(align_up(end, call.row_alignment), next));
    }
    return padding;
}

GemmCall part_of(const GemmCall& call, const GemmPart& part) {
    const auto& [group, first, count, k_first, k_count, sfa_first, sfb_first] = part;
    GemmCall out = call;
    out.form = &form_of(*call.family, Grouping::dense);
    out.sizes = {.groups = 1, .m = count, .n = call.sizes.n, .k = k_count};
    out.a = rows_of(columns_of(call.a, k_first, k_count), group, first, count);
    out.b = rows_of(columns_of(call.b, k_first, k_count), group, 0, call.b.rows);
    out.d = rows_of(call.d, group, first, count);
    if (call.has_c()) out.c = rows_of(call.c, group, first, count);
    if (!call.family->has_scales()) return out;
    const int64_t columns_of_sfa = ceil_div(k_count, call.columns_of_sfa);
    const int64_t columns_of_sfb = ceil_div(k_count, call.columns_of_sfb);
    out.sfa = rows_of(columns_of(call.sfa, sfa_first, columns_of_sfa), group, first, count);
    out.sfb = rows_of(columns_of(call.sfb, sfb_first, columns_of_sfb), group, 0, call.sfb.rows);
    return out;
}

}  // namespace aotgemm
