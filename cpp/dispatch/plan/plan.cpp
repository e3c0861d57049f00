#include "dispatch/plan/plan.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <tuple>
#include <vector>

#include "dispatch/base/failure.hpp"
#include "dispatch/observe/counters.hpp"
#include "dispatch/runtime/inventory.hpp"
#include "dispatch/plan/plan_record.hpp"
#include "dispatch/plan/plan_table.hpp"

namespace aotgemm {

std::atomic<const PlanInForce*> plan_in_force{nullptr};

struct PlanInForce {
    aotgemm_plan_mode mode;
    bool has_rows;  // false: record without a plan
    int32_t cc_major, cc_minor, num_sms;
    PlanTable table;

    // Kinds of violations that warn mode has told of: a serving loop must not be flooded.
    mutable std::mutex mutex;
    mutable std::set<std::tuple<int32_t, int32_t, int32_t, int64_t, int64_t, int>> told;
};

namespace {

enum class Verdict { planned, other_device, unknown_call, unknown_m, other_kernel };

struct Finding {
    Verdict verdict;
    CallKey key;
    const std::vector<PlannedInterval>* intervals = nullptr;
    const PlannedInterval* interval = nullptr;
};

const PlannedInterval* interval_of(const std::vector<PlannedInterval>& intervals, int64_t m) {
    const auto after = std::upper_bound(intervals.begin(), intervals.end(), m,
                                        [](int64_t value, const auto& interval) { return value < interval.m_first; });
    if (after == intervals.begin() || m > std::prev(after)->m_last) return nullptr;
    return &*std::prev(after);
}

int32_t sms_of(const aotgemm_problem& problem, const aotgemm_device* device) {
    if (device == nullptr) return 0;
    return problem.num_sms > 0 ? std::min(problem.num_sms, device->num_sms) : device->num_sms;
}

Finding look_up(const PlanInForce& plan, const aotgemm_problem& problem, const aotgemm_device* device, int32_t kernel) {
    const bool is_of_kernel = kernel >= 0 && std::strcmp(kSpecs[kernel].layout, problem.layout) == 0;
    const int32_t kind = is_of_kernel ? plan.table.kind_of(kernel) : plan.table.kind_of(problem);
    Finding found{.verdict = Verdict::planned,
                  .key = {.kind = kind, .groups = problem.groups, .num_sms = sms_of(problem, device), .n = problem.n,
                          .k = problem.k}};
    if (device != nullptr && (device->cc_major != plan.cc_major || device->cc_minor != plan.cc_minor ||
                              device->num_sms != plan.num_sms)) {
        found.verdict = Verdict::other_device;
        return found;
    }
    found.intervals = plan.table.find(found.key);
    if (found.intervals == nullptr) {
        found.verdict = Verdict::unknown_call;
        return found;
    }
    found.interval = interval_of(*found.intervals, problem.m);
    if (found.interval == nullptr) {
        found.verdict = Verdict::unknown_m;
    } else if (kernel >= 0 && found.interval->kernel != kernel) {
        found.verdict = Verdict::other_kernel;
    }
    return found;
}

std::string call_text(const aotgemm_problem& problem, const Finding& found) {
    const std::string sms = found.key.num_sms > 0 ? text(" on ", found.key.num_sms, " SMs") : "";
    return text("plan: the call ", problem.family, " ", problem.grouping, " ", problem.layout, " ", problem.out_dtype,
                ", M = ", problem.m, ", N = ", problem.n, ", K = ", problem.k, ", ", problem.groups, " groups", sms);
}

std::string sentence_of(const PlanInForce& plan, const aotgemm_problem& problem, const aotgemm_device* device,
                        int32_t kernel, const Finding& found) {
    const std::string call = call_text(problem, found);
    switch (found.verdict) {
        case Verdict::planned: return "";
        case Verdict::other_device:
            return text(call, " is on ", device->name, " (", device->cc_major, ".", device->cc_minor, ", ", device->num_sms,
                        " SMs), the plan is for ", plan.cc_major, ".", plan.cc_minor, " with ", plan.num_sms, " SMs");
        case Verdict::unknown_call: return text(call, " is not in the plan");
        case Verdict::unknown_m:
            return text(call, " is not in the plan, which has M = ", found.intervals->front().m_first, " to ",
                        found.intervals->back().m_last, " for it");
        case Verdict::other_kernel: break;
    }
    const int32_t planned = found.interval->kernel;
    return text(call, " runs ", kSpecs[kernel].name, ", the plan has ",
                planned >= 0 ? kSpecs[planned].name : "a kernel that this library lacks", " for M = ",
                found.interval->m_first, " to ", found.interval->m_last);
}

void warn_once(const PlanInForce& plan, const Finding& found, const std::string& sentence) {
    const CallKey& key = found.key;
    const std::lock_guard lock(plan.mutex);
    const auto kind = std::make_tuple(key.kind, key.groups, key.num_sms, key.n, key.k, static_cast<int>(found.verdict));
    if (plan.told.insert(kind).second) leave_plan_warning(sentence);
}

// Plans that were replaced are kept: a call on another thread may still be reading one.
void put_in_force(std::unique_ptr<const PlanInForce> plan) {
    static std::mutex mutex;
    static auto& kept = *new std::vector<std::unique_ptr<const PlanInForce>>();
    const std::lock_guard lock(mutex);
    plan_in_force.store(plan.get(), std::memory_order_release);
    if (plan != nullptr) kept.push_back(std::move(plan));
}

std::string& pending_warning() {
    thread_local std::string sentence;
    return sentence;
}

}  // namespace

void load_plan(const aotgemm_plan* plan, aotgemm_plan_mode mode) {
    if (mode == AOTGEMM_PLAN_OFF) return put_in_force(nullptr);
    if (plan == nullptr && mode != AOTGEMM_PLAN_RECORD) fail(AOTGEMM_ERROR_PLAN, "plan: is none, allowed in record mode alone");
    const aotgemm_plan nothing{};
    const aotgemm_plan& rows = plan != nullptr ? *plan : nothing;
    auto loaded = std::unique_ptr<const PlanInForce>(
        new PlanInForce{mode, plan != nullptr, rows.cc_major, rows.cc_minor, rows.num_sms, PlanTable(rows), {}, {}});
    if (const std::string problems = plan_kernel_problems(rows); !problems.empty()) {
        if (mode == AOTGEMM_PLAN_STRICT) fail(AOTGEMM_ERROR_PLAN, "plan: ", problems);
        leave_plan_warning("plan: " + problems);
    }
    put_in_force(std::move(loaded));
}

aotgemm_plan_mode plan_mode(const PlanInForce* plan) { return plan != nullptr ? plan->mode : AOTGEMM_PLAN_OFF; }

void hold_against_plan(const PlanInForce& plan, const aotgemm_problem& problem, const aotgemm_device* device,
                       int32_t kernel) {
    const Finding found = look_up(plan, problem, device, kernel);
    if (plan.mode == AOTGEMM_PLAN_RECORD) {
        aotgemm_problem noted = problem;
        noted.num_sms = sms_of(problem, device);
        return record_call(noted, kernel, plan.has_rows && found.verdict == Verdict::planned);
    }
    if (found.verdict == Verdict::planned) return;
    const std::string sentence = sentence_of(plan, problem, device, kernel, found);
    if (plan.mode == AOTGEMM_PLAN_STRICT) {
        add_one(counters().refused);
        throw Failure(AOTGEMM_ERROR_PLAN, sentence);
    }
    warn_once(plan, found, sentence);
}

void leave_plan_warning(const std::string& sentence) { pending_warning() = sentence; }

const char* take_plan_warning() {
    thread_local std::string taken;
    taken.clear();
    taken.swap(pending_warning());
    return taken.c_str();
}

}  // namespace aotgemm
