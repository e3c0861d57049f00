#include "dispatch/ops/gemm/bf16_grouped.hpp"

#include <cstring>

#include "dispatch/ops/gemm/bf16_checks.hpp"
#include "dispatch/ops/gemm/sm90/bf16_launch.hpp"
#include "dispatch/plan/plan.hpp"
#include "dispatch/ops/gemm/group_rows.hpp"
#include "dispatch/base/settings.hpp"

namespace aotgemm {
namespace {

void check_layout_name(const char* layout) {
    if (std::strcmp(layout, "nt") == 0 || std::strcmp(layout, "nn") == 0) return;
    fail(AOTGEMM_ERROR_LAYOUT, "layout: is '", layout, "', allowed is nt or nn");
}

void check_operands(const Bf16GroupedOperands& in, bool transposed_b) {
    const int32_t rank = has_batch_of_a(in.grouping) ? 3 : 2;
    const Operand a{"a", in.a}, b{"b", in.b}, d{"d", in.d};
    check_bf16_dtypes(in.a, in.b);
    check_dtype(d, {AOTGEMM_BF16});
    for (const Operand& operand : {a, d}) check_rank(operand, rank, rank);
    check_rank(b, 3, 3);
    check_same_device({a, b, d});
    if (in.index != nullptr) check_same_device({a, {group_index_name(in.grouping), *in.index}});
    const Bf16Factor fa = bf16_factor(in.a, false), fb = bf16_factor(in.b, transposed_b);
    for (const Operand& operand : {a, d}) {
        if (rank == 3) check_size(operand, 0, fb.groups, "groups of b");
    }
    check_size(b, transposed_b ? 1 : 2, fa.k, "K of a");
    check_size(d, rank - 2, fa.rows, "M of a");
    check_size(d, rank - 1, fb.rows, "N of b");
    check_bf16_sizes(fb.groups, fa.rows, fb.rows, fa.k);
    check_group_index(in.index, in.grouping, fb.groups, fa.rows);
}

void run_on_cpu(const Bf16GroupedOperands& in, const Bf16Factor& a, const Bf16Factor& b, int threads) {
    const Operand index{group_index_name(in.grouping), in.index != nullptr ? *in.index : in.a};
    for (const auto& [group, first, count] : read_group_rows(in.grouping, index, b.groups, a.rows)) {
        if (!settings().compile_only) run_bf16_on_cpu({a, b, in.d, nullptr, group, first, count}, threads);
    }
}

}  // namespace

void bf16_gemm_grouped(const char* layout, const Bf16GroupedOperands& in, const aotgemm_launch& how) {
    check_layout_name(layout);
    const bool transposed_b = layout[1] == 'n';
    check_operands(in, transposed_b);
    Bf16Factor a = bf16_factor(in.a, false), b = bf16_factor(in.b, transposed_b);
    if (b.groups == 0 || a.rows == 0 || b.rows == 0) return;
    check_no_overlap({"d", in.d});
    if (in.d.device_type == AOTGEMM_CPU) {
        b.is_mn_major = transposed_b;
        const char* grouping = grouping_name(in.grouping);
        check_plan(bf16_problem({grouping, a, b, in.d, nullptr, in.index, b.groups, in.expected_m}), nullptr, -1);
        run_on_cpu(in, a, b, how.cpu_threads);
        return;
    }
    // Rows of A are dealt out to groups, so the kernels have A K-major alone.
    check_matrix_layout({"a", in.a}, 2);
    find_major({"b", in.b}, transposed_b, b);
    check_bf16_outputs(in.d, nullptr);
    launch_bf16({grouping_name(in.grouping), a, b, in.d, nullptr, in.index, b.groups, in.expected_m}, how);
}

}  // namespace aotgemm
