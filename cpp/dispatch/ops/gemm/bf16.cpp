#include "dispatch/ops/gemm/bf16.hpp"

#include <cstring>

#include "dispatch/ops/gemm/bf16_checks.hpp"
#include "dispatch/ops/gemm/sm90/bf16_launch.hpp"
#include "dispatch/plan/plan.hpp"
#include "dispatch/base/settings.hpp"

namespace aotgemm {
namespace {

void check_layout_name(const char* layout) {
    const auto is = [&](const char* known) { return std::strcmp(layout, known) == 0; };
    if (is("nt") || is("nn") || is("tn") || is("tt")) return;
    fail(AOTGEMM_ERROR_LAYOUT, "layout: is '", layout, "', allowed is nt, nn, tn or tt");
}

void check_operands(const Bf16GemmOperands& in, bool transposed_a, bool transposed_b) {
    const Operand a{"a", in.a}, b{"b", in.b}, d{"d", in.d};
    check_bf16_dtypes(in.a, in.b);
    check_dtype(d, {AOTGEMM_BF16, AOTGEMM_FP32});
    for (const Operand& operand : {a, b, d}) check_rank(operand, 2, 2);
    check_same_device({a, b, d});
    const Bf16Factor fa = bf16_factor(in.a, transposed_a), fb = bf16_factor(in.b, transposed_b);
    check_size(b, transposed_b ? 0 : 1, fa.k, "K of a");
    check_size(d, 0, fa.rows, "M of a");
    check_size(d, 1, fb.rows, "N of b");
    if (in.c != nullptr) check_bf16_c(*in.c, in.d);
    check_bf16_sizes(1, fa.rows, fb.rows, fa.k);
}

}  // namespace

void bf16_gemm(const char* layout, const Bf16GemmOperands& in, const aotgemm_launch& how) {
    check_layout_name(layout);
    const bool transposed_a = layout[0] == 't', transposed_b = layout[1] == 'n';
    check_operands(in, transposed_a, transposed_b);
    Bf16Factor a = bf16_factor(in.a, transposed_a), b = bf16_factor(in.b, transposed_b);
    if (a.rows == 0 || b.rows == 0) return;
    if (in.d.device_type == AOTGEMM_CPU) {
        a.is_mn_major = transposed_a;
        b.is_mn_major = transposed_b;
        check_plan(bf16_problem({"dense", a, b, in.d, in.c, nullptr, 1, 0}), nullptr, -1);
        if (!settings().compile_only) run_bf16_on_cpu({a, b, in.d, in.c, 0, 0, a.rows}, how.cpu_threads);
        return;
    }
    find_major({"a", in.a}, transposed_a, a);
    find_major({"b", in.b}, transposed_b, b);
    check_bf16_outputs(in.d, in.c);
    launch_bf16({"dense", a, b, in.d, in.c, nullptr, 1, 0}, how);
}

}  // namespace aotgemm
