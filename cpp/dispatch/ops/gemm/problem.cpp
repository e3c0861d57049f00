#include "dispatch/ops/gemm/problem.hpp"

#include <algorithm>

#include "dispatch/base/settings.hpp"
#include "dispatch/ops/gemm/families.hpp"
#include "dispatch/ops/gemm/rows.hpp"

namespace aotgemm {
namespace {

// M, or what it would be on average if each group of psum started at a multiple of kRowAlignment rows: selection and
// plans know that alignment alone.
int64_t aligned_rows(const GemmCall& call) {
    if (call.form->grouping != Grouping::psum) return call.sizes.m;
    const int64_t aligned = call.sizes.m + call.sizes.groups * (kRowAlignment - call.row_alignment) / 2;
    return std::max(aligned, std::min<int64_t>(call.sizes.m, 1));
}

// The M to choose a kernel for: that of the call or, where the device alone knows how many rows count, the caller's hint
// if there is one.
int64_t expected_rows(const GemmCall& call) {
    const int64_t m = aligned_rows(call), expected = call.given->expected_m;
    if (expected <= 0) return m;
    if (call.form->grouping == Grouping::masked) return std::min(m, expected);
    if (call.form->grouping == Grouping::psum && expected < m) return std::min(m, expected * call.sizes.groups);
    return m;
}

// The kernels of batch_reduced write partial sums.
bool writes_fp32(const GemmCall& call) {
    return call.d.dtype == AOTGEMM_FP32 || call.form->grouping == Grouping::batch_reduced;
}

}  // namespace

aotgemm_problem problem_of(const GemmCall& call) {
    return {.family = call.family->name,
            .grouping = grouping_name(call.form->grouping),
            .layout = memory_layout(call.a, call.b),
            .out_dtype = writes_fp32(call) ? "fp32" : "bf16",
            .groups = static_cast<int32_t>(std::max<int64_t>(call.sizes.groups, 1)),
            .m = expected_rows(call),
            .n = call.sizes.n,
            .k = call.sizes.k > 0 ? call.sizes.k : call.family->k_of_nothing,
            .num_sms = settings().num_sms.load(std::memory_order_relaxed)};
}

}  // namespace aotgemm
