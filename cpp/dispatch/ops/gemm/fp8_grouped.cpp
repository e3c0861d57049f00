#include "dispatch/ops/gemm/fp8_grouped.hpp"

#include <vector>

#include "dispatch/ops/gemm/sm90/fp8_1d2d_launch.hpp"
#include "dispatch/ops/gemm/fp8_checks.hpp"
#include "dispatch/ops/gemm/group_rows.hpp"
#include "dispatch/plan/plan.hpp"
#include "dispatch/base/settings.hpp"
#include "emulation/emulation.hpp"

namespace aotgemm {
namespace {

struct Sizes {
    int64_t groups, m, n, k;  // m: rows of A, in each group where A is a batch
};

void check_dtypes_and_ranks(const Fp8GroupedOperands& in) {
    const int32_t rank_a = has_batch_of_a(in.grouping) ? 3 : 2;
    check_fp8_dtypes(in.a, in.sfa, in.b, in.sfb);
    check_dtype({"d", in.d}, {AOTGEMM_BF16});
    for (const Operand& operand : {Operand{"a", in.a}, {"sfa", in.sfa}, {"d", in.d}}) check_rank(operand, rank_a, rank_a);
    for (const Operand& operand : {Operand{"b", in.b}, {"sfb", in.sfb}}) check_rank(operand, 3, 3);
}

Sizes check_shapes(const Fp8GroupedOperands& in) {
    check_dtypes_and_ranks(in);
    const Operand a{"a", in.a}, sfa{"sfa", in.sfa}, b{"b", in.b}, sfb{"sfb", in.sfb}, d{"d", in.d};
    const int row = in.a.ndim - 2, column = in.a.ndim - 1;
    const Sizes sizes{in.b.shape[0], in.a.shape[row], in.b.shape[1], in.a.shape[column]};
    const int64_t k_blocks = ceil_div(sizes.k, 128);
    for (const Operand& operand : {a, sfa, d}) {
        if (row == 1) check_size(operand, 0, sizes.groups, "groups of b");
    }
    check_size(b, 2, sizes.k, "K of a");
    check_size(sfa, row, sizes.m, "M of a");
    check_size(sfa, column, k_blocks, "K/128 of a, rounded up");
    check_size(sfb, 0, sizes.groups, "groups of b");
    check_size(sfb, 1, ceil_div(sizes.n, 128), "N/128 of b, rounded up");
    check_size(sfb, 2, k_blocks, "K/128 of b, rounded up");
    check_size(d, row, sizes.m, "M of a");
    check_size(d, column, sizes.n, "N of b");
    check_n_and_k(sizes.n, sizes.k);
    if (sizes.k == 0) fail(AOTGEMM_ERROR_SHAPE, "a: K is 0, must be a multiple of 16 from 16 on");
    check_tma_sizes({sizes.groups, sizes.m, sizes.n, sizes.k});
    return sizes;
}

void check_devices(const Fp8GroupedOperands& in) {
    const Operand a{"a", in.a};
    check_same_device({a, {"sfa", in.sfa}, {"b", in.b}, {"sfb", in.sfb}, {"d", in.d}});
    if (in.index != nullptr) check_same_device({a, {group_index_name(in.grouping), *in.index}});
}

void check_layouts_for_cuda(const Fp8GroupedOperands& in) {
    check_matrix_layout({"a", in.a}, 1);
    check_matrix_layout({"b", in.b}, 1);
    check_matrix_layout({"d", in.d}, 2);
    check_scale_layout({"sfa", in.sfa});
}

// `count` rows from `first` on of a matrix, or of matrix `group` of a batch.
template <class T>
emulation::Matrix<T> rows_of(const aotgemm_tensor& t, int64_t group, int64_t first, int64_t count) {
    const int row = t.ndim - 2;
    T* data = static_cast<T*>(t.data) + (row == 1 ? group * t.stride[0] : 0) + first * t.stride[row];
    return {data, count, t.shape[row + 1], t.stride[row], t.stride[row + 1]};
}

void run_on_cpu(const Fp8GroupedOperands& in, const Sizes& sizes, int threads) {
    const Operand index{group_index_name(in.grouping), in.index != nullptr ? *in.index : in.a};
    std::vector<emulation::Fp8Gemm1d2d> gemms;
    for (const auto& [group, first, count] : read_group_rows(in.grouping, index, sizes.groups, sizes.m)) {
        gemms.push_back({rows_of<const uint8_t>(in.a, group, first, count), rows_of<const float>(in.sfa, group, first, count),
                         rows_of<const uint8_t>(in.b, group, 0, sizes.n),
                         rows_of<const float>(in.sfb, group, 0, in.sfb.shape[1]),
                         rows_of<uint16_t>(in.d, group, first, count)});
    }
    if (!settings().compile_only) emulation::fp8_gemm_1d2d(gemms, threads);
}

}  // namespace

void fp8_gemm_grouped(const Fp8GroupedOperands& operands, const aotgemm_launch& how) {
    const Sizes sizes = check_shapes(operands);
    check_devices(operands);
    check_group_index(operands.index, operands.grouping, sizes.groups, sizes.m);
    if (sizes.groups == 0 || sizes.m == 0 || sizes.n == 0) return;
    check_no_overlap({"d", operands.d});
    const auto& [a, sfa, b, sfb, d, index, grouping, expected_m] = operands;
    const Fp8Launch call{a, sfa, b, sfb, d, grouping_name(grouping), index, expected_m};
    if (operands.a.device_type == AOTGEMM_CPU) {
        check_rows_adjacent({"a", operands.a});
        check_rows_adjacent({"b", operands.b});
        check_plan(fp8_1d2d_problem(call), nullptr, -1);
        run_on_cpu(operands, sizes, how.cpu_threads);
        return;
    }
    check_layouts_for_cuda(operands);
    launch_fp8_1d2d(call, how);
}

}  // namespace aotgemm
