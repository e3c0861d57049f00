#include "dispatch/plan/plan_table.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch/base/failure.hpp"
#include "dispatch/runtime/inventory.hpp"

namespace aotgemm {
namespace {

int32_t find_spec(const aotgemm_plan_kernel& kernel) {
    for (int32_t i = 0; i < kSpecCount; ++i) {
        if (std::strcmp(kSpecs[i].name, kernel.name) == 0 && std::strcmp(kSpecs[i].arch, kernel.arch) == 0) return i;
    }
    return -1;
}

void check_row(const aotgemm_plan& plan, int32_t index) {
    const aotgemm_plan_row& row = plan.rows[index];
    if (row.kernel < 0 || row.kernel >= plan.kernel_count) {
        fail(AOTGEMM_ERROR_PLAN, "plan: row ", index, " names kernel ", row.kernel, ", allowed is 0 to ",
             plan.kernel_count - 1);
    }
    if (row.m_first < 1 || row.m_last < row.m_first || row.num_sms < 1) {
        fail(AOTGEMM_ERROR_PLAN, "plan: row ", index, " is for M = ", row.m_first, " to ", row.m_last, " on ", row.num_sms,
             " SMs, allowed are ascending positive numbers");
    }
}

}  // namespace

std::size_t CallKeyHash::operator()(const CallKey& key) const {
    constexpr uint64_t kMixer = 0x9E3779B97F4A7C15u;  // 2^64 over the golden ratio
    uint64_t hash = static_cast<uint64_t>(key.kind) << 48 ^ static_cast<uint64_t>(key.num_sms) << 32 ^
                    static_cast<uint64_t>(key.groups);
    for (const int64_t size : {key.n, key.k}) hash = (hash ^ static_cast<uint64_t>(size)) * kMixer;
    return hash ^ hash >> 32;
}

PlanTable::PlanTable(const aotgemm_plan& plan) {
    std::vector<int32_t> spec_of(plan.kernel_count);
    for (int32_t i = 0; i < plan.kernel_count; ++i) spec_of[i] = find_spec(plan.kernels[i]);
    for (int32_t i = 0; i < plan.row_count; ++i) {
        check_row(plan, i);
        const aotgemm_plan_row& row = plan.rows[i];
        const PlannedInterval interval{.m_first = row.m_first, .m_last = row.m_last, .kernel = spec_of[row.kernel]};
        const CallKey key{.kind = add_kind(row), .groups = row.groups, .num_sms = row.num_sms, .n = row.n, .k = row.k};
        add(key, interval);
        if (row.num_sms == plan.num_sms) {
            add({.kind = key.kind, .groups = key.groups, .num_sms = 0, .n = key.n, .k = key.k}, interval);
        }
    }
    sort_and_check();
    for (int32_t i = 0; i < kSpecCount; ++i) {
        const aotgemm_spec& s = kSpecs[i];
        kind_of_kernel_.push_back(kind_of({.family = s.family, .grouping = s.grouping, .layout = s.layout,
                                           .out_dtype = s.out_dtype, .groups = 1, .m = 0, .n = 0, .k = 0, .num_sms = 0}));
    }
}

int32_t PlanTable::kind_of(const aotgemm_problem& problem) const {
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
        const Kind& kind = kinds_[i];
        if (kind.family == problem.family && kind.grouping == problem.grouping && kind.layout == problem.layout &&
            kind.out_dtype == problem.out_dtype) {
            return static_cast<int32_t>(i);
        }
    }
    return -1;
}

const std::vector<PlannedInterval>* PlanTable::find(const CallKey& key) const {
    const auto found = calls_.find(key);
    return found == calls_.end() ? nullptr : &found->second;
}

int32_t PlanTable::add_kind(const aotgemm_plan_row& row) {
    const Kind kind{.family = row.family, .grouping = row.grouping, .layout = row.layout, .out_dtype = row.out_dtype};
    const auto found = std::find(kinds_.begin(), kinds_.end(), kind);
    if (found != kinds_.end()) return static_cast<int32_t>(found - kinds_.begin());
    kinds_.push_back(kind);
    return static_cast<int32_t>(kinds_.size()) - 1;
}

void PlanTable::add(const CallKey& key, const PlannedInterval& interval) { calls_[key].push_back(interval); }

void PlanTable::sort_and_check() {
    for (auto& [key, intervals] : calls_) {
        std::sort(intervals.begin(), intervals.end(), [](const auto& x, const auto& y) { return x.m_first < y.m_first; });
        for (std::size_t i = 1; i < intervals.size(); ++i) {
            if (intervals[i].m_first > intervals[i - 1].m_last) continue;
            fail(AOTGEMM_ERROR_PLAN, "plan: two rows of N = ", key.n, ", K = ", key.k, " have M = ", intervals[i].m_first,
                 ", allowed is one");
        }
    }
}

}  // namespace aotgemm
