// The part of the C ABI that deals with plans.
#include <algorithm>

#include "aotgemm/aotgemm.h"
#include "dispatch/base/failure.hpp"
#include "dispatch/plan/plan.hpp"
#include "dispatch/select/plan_intervals.hpp"
#include "dispatch/plan/plan_record.hpp"

using namespace aotgemm;

aotgemm_status aotgemm_select_intervals(const aotgemm_problem* problem, const aotgemm_device* device, int64_t m_first,
                                        int64_t m_last, int64_t m_step, aotgemm_interval* intervals, int32_t capacity,
                                        int32_t* count) {
    return guarded([&] {
        const std::vector<aotgemm_interval> found = select_intervals(*problem, *device, m_first, m_last, m_step);
        *count = static_cast<int32_t>(found.size());
        std::copy_n(found.begin(), std::min(capacity, *count), intervals);
    });
}

aotgemm_status aotgemm_plan_load(const aotgemm_plan* plan, aotgemm_plan_mode mode) {
    return guarded([&] { load_plan(plan, mode); });
}

aotgemm_plan_mode aotgemm_plan_mode_in_force(void) { return plan_mode(plan_in_force.load(std::memory_order_acquire)); }

aotgemm_status aotgemm_plan_check(const aotgemm_problem* problem, const aotgemm_device* device, int32_t kernel) {
    return guarded([&] {
        if (kernel >= aotgemm_spec_count()) {
            fail(AOTGEMM_ERROR_KERNEL_MISSING, "kernel: is ", kernel, ", allowed is at most ", aotgemm_spec_count() - 1);
        }
        check_plan(*problem, device, kernel);
    });
}

const char* aotgemm_plan_warning(void) { return take_plan_warning(); }

int32_t aotgemm_plan_call_at(int32_t index, aotgemm_plan_call* call) { return recorded_call(index, *call) ? 1 : 0; }

void aotgemm_plan_forget_calls(void) { forget_recorded_calls(); }
