#include "dispatch/select/plan_intervals.hpp"

#include "dispatch/base/failure.hpp"
#include "dispatch/select/selection.hpp"

namespace aotgemm {
namespace {

constexpr int64_t kMostSteps = 1 << 20;  // a second or a few of work

void check_range(int64_t m_first, int64_t m_last, int64_t m_step) {
    if (m_first < 1 || m_last < m_first || m_step < 1 || (m_last - m_first) / m_step >= kMostSteps) {
        fail(AOTGEMM_ERROR_SHAPE, "m_first, m_last, m_step: are ", m_first, ", ", m_last, ", ", m_step,
             ", allowed are 1 <= m_first <= m_last in at most ", kMostSteps, " positive steps");
    }
}

}  // namespace

// Every M is asked for: the time of a kernel jumps wherever one more tile is needed, and grows between the jumps, so
// two equal answers say nothing about the values between them.
std::vector<aotgemm_interval> select_intervals(aotgemm_problem problem, const aotgemm_device& device, int64_t m_first,
                                               int64_t m_last, int64_t m_step) {
    check_range(m_first, m_last, m_step);
    std::vector<aotgemm_interval> intervals;
    problem.m = m_first;
    TimeModel model = time_model(problem, device);
    for (problem.m = m_first; problem.m <= m_last; problem.m += m_step) {
        model.set_m(problem.m);
        const BestKernel best = best_kernel(model);
        if (intervals.empty() || intervals.back().kernel != best.kernel) {
            intervals.push_back({problem.m, problem.m, best.kernel, best.predicted_us, best.predicted_us});
        }
        intervals.back().m_last = problem.m;
        intervals.back().last_us = best.predicted_us;
    }
    problem.m = intervals.back().m_last;
    check_tiles(describe_kernel(intervals.back().kernel, problem, device).tiles);
    return intervals;
}

}  // namespace aotgemm
