// D[g] = C[g] + A_g^T @ B_g, where A_g and B_g are the group's rows of A [K, M] and B [K, N].
#include <algorithm>

#include "dispatch/ops/gemm/bf16_checks.hpp"
#include "dispatch/ops/gemm/bf16_grouped.hpp"
#include "dispatch/ops/gemm/sm90/bf16_launch.hpp"
#include "dispatch/plan/plan.hpp"
#include "dispatch/base/settings.hpp"

namespace aotgemm {
namespace {

// Of K: a stage of the kernels holds as many, and must not hold two groups.
constexpr int32_t kRangeMultiple = 64;

void check_ks(const Bf16KGroupedOperands& in) {
    if (in.ks_count != in.d.shape[0]) {
        fail(AOTGEMM_ERROR_SHAPE, "ks: has ", in.ks_count, " elements, must have ", in.d.shape[0], " (groups of d)");
    }
    int64_t sum = 0;
    for (int32_t group = 0; group < in.ks_count; ++group) {
        if (in.ks[group] < 0 || in.ks[group] % kRangeMultiple != 0) {
            fail(AOTGEMM_ERROR_SHAPE, "ks: group ", group, " has K = ", in.ks[group], ", must be a multiple of ",
                 kRangeMultiple, " from 0 on; the nearest is ",
                 align_up(std::max<int64_t>(in.ks[group], 0), kRangeMultiple));
        }
        sum += in.ks[group];
    }
    if (sum != in.a.shape[0]) {
        fail(AOTGEMM_ERROR_SHAPE, "ks: the sum is ", sum, ", must be ", in.a.shape[0], " (K of a)");
    }
    const Operand tensor{"ks_tensor", in.ks_tensor};
    check_dtype(tensor, {AOTGEMM_INT32});
    check_rank(tensor, 1, 1);
    check_size(tensor, 0, in.ks_count, "elements of ks");
    if (in.ks_tensor.shape[0] > 1 && in.ks_tensor.stride[0] != 1) {
        fail(AOTGEMM_ERROR_LAYOUT, "ks_tensor: stride is ", in.ks_tensor.stride[0], ", must be 1 (contiguous)");
    }
}

void check_operands(const Bf16KGroupedOperands& in) {
    const Operand a{"a", in.a}, b{"b", in.b}, d{"d", in.d};
    check_bf16_dtypes(in.a, in.b);
    check_dtype(d, {AOTGEMM_FP32});
    for (const Operand& operand : {a, b}) check_rank(operand, 2, 2);
    check_rank(d, 3, 3);
    check_same_device({a, b, d, {"ks_tensor", in.ks_tensor}});
    check_size(b, 0, in.a.shape[0], "K of a");
    check_size(d, 1, in.a.shape[1], "M of a");
    check_size(d, 2, in.b.shape[1], "N of b");
    if (in.c != nullptr) check_bf16_c(*in.c, in.d);
    check_bf16_sizes(in.d.shape[0], in.a.shape[1], in.b.shape[1], in.a.shape[0]);
    check_ks(in);
}

// The group's part of K.
Bf16Factor range_of(Bf16Factor factor, int64_t first, int64_t count) {
    factor.data = static_cast<const uint16_t*>(factor.data) + first * factor.k_stride;
    factor.k = count;
    return factor;
}

void run_on_cpu(const Bf16KGroupedOperands& in, const Bf16Factor& a, const Bf16Factor& b, int threads) {
    int64_t first = 0;
    for (int32_t group = 0; group < in.ks_count; ++group) {
        const int64_t k = in.ks[group];
        run_bf16_on_cpu({range_of(a, first, k), range_of(b, first, k), in.d, in.c, group, 0, a.rows}, threads);
        first += k;
    }
}

}  // namespace

void bf16_gemm_k_grouped(const Bf16KGroupedOperands& in, const aotgemm_launch& how) {
    check_operands(in);
    Bf16Factor a = bf16_factor(in.a, true), b = bf16_factor(in.b, true);
    if (in.ks_count == 0 || a.rows == 0 || b.rows == 0) return;
    check_no_overlap({"d", in.d});
    a.is_mn_major = b.is_mn_major = true;
    const Bf16Launch call{"k_grouped", a, b, in.d, in.c, &in.ks_tensor, in.ks_count, 0};
    if (in.d.device_type == AOTGEMM_CPU) {
        check_plan(bf16_problem(call), nullptr, -1);
        if (!settings().compile_only) run_on_cpu(in, a, b, how.cpu_threads);
        return;
    }
    check_matrix_layout({"a", in.a}, 2);
    check_matrix_layout({"b", in.b}, 2);
    check_bf16_outputs(in.d, in.c);
    launch_bf16(call, how);
}

}  // namespace aotgemm
