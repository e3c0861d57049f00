// The part of the C ABI that deals with plans.
#include <algorithm>

#include "aotgemm/aotgemm.h"
#include "dispatch/api/required_problem.hpp"
#include "dispatch/base/failure.hpp"
#include "dispatch/plan/plan.hpp"
#include "dispatch/select/plan_intervals.hpp"
#include "dispatch/plan/plan_record.hpp"

using namespace aotgemm;

namespace {

// All that a plan points to is there.
void check_present(const aotgemm_plan& plan) {
    if (plan.kernel_count < 0 || plan.row_count < 0) {
        fail(AOTGEMM_ERROR_PLAN, "plan: has ", plan.kernel_count, " kernels and ", plan.row_count, " rows, allowed is 0 or more");
    }
    if (plan.kernel_count > 0) check_not_null("kernels", plan.kernels);
    if (plan.row_count > 0) check_not_null("rows", plan.rows);
    for (int32_t i = 0; i < plan.kernel_count; ++i) {
        for (const char* word : {plan.kernels[i].name, plan.kernels[i].arch, plan.kernels[i].sha256}) {
            check_not_null("name, arch or sha256 of a kernel", word);
        }
    }
    for (int32_t i = 0; i < plan.row_count; ++i) {
        const aotgemm_plan_row& row = plan.rows[i];
        for (const char* word : {row.family, row.grouping, row.layout, row.out_dtype}) {
            check_not_null("family, grouping, layout or out_dtype of a row", word);
        }
    }
}

}  // namespace

aotgemm_status aotgemm_select_intervals(const aotgemm_problem* problem, const aotgemm_device* device, int64_t m_first,
                                        int64_t m_last, int64_t m_step, aotgemm_interval* intervals, int32_t capacity,
                                        int32_t* count) {
    return guarded([&] {
        const std::vector<aotgemm_interval> found = select_intervals(required_problem(problem), required("device", device), m_first, m_last, m_step);
        required("count", count) = static_cast<int32_t>(found.size());
        if (capacity > 0) std::copy_n(found.begin(), std::min(capacity, *count), &required("intervals", intervals));
    });
}

aotgemm_status aotgemm_plan_load(const aotgemm_plan* plan, aotgemm_plan_mode mode) {
    return guarded([&] {
        if (plan != nullptr) check_present(*plan);
        load_plan(plan, mode);
    });
}

aotgemm_plan_mode aotgemm_plan_mode_in_force(void) { return plan_mode(plan_in_force.load(std::memory_order_acquire)); }

aotgemm_status aotgemm_plan_check(const aotgemm_problem* problem, const aotgemm_device* device, int32_t kernel) {
    return guarded([&] {
        if (kernel >= aotgemm_spec_count()) {
            fail(AOTGEMM_ERROR_KERNEL_MISSING, "kernel: is ", kernel, ", allowed is at most ", aotgemm_spec_count() - 1);
        }
        check_plan(required_problem(problem), device, kernel);
    });
}

const char* aotgemm_plan_warning(void) { return take_plan_warning(); }

int32_t aotgemm_plan_call_at(int32_t index, aotgemm_plan_call* call) { return call != nullptr && recorded_call(index, *call) ? 1 : 0; }

void aotgemm_plan_forget_calls(void) { forget_recorded_calls(); }
