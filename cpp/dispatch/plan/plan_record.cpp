#include "dispatch/plan/plan_record.hpp"

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

namespace aotgemm {
namespace {

using Key = std::tuple<std::string, std::string, std::string, std::string, int32_t, int64_t, int64_t, int64_t, int32_t,
                       int32_t, bool>;
using Calls = std::map<Key, int64_t>;  // how often each came

struct Records {
    std::mutex mutex;
    Calls calls;
    std::vector<Calls::iterator> in_order;
};

Records& records() {
    static auto& instance = *new Records();
    return instance;
}

}  // namespace

void record_call(const aotgemm_problem& p, int32_t kernel, bool planned) {
    Key key{p.family, p.grouping, p.layout, p.out_dtype, p.groups, p.m, p.n, p.k, p.num_sms, kernel, planned};
    const std::lock_guard lock(records().mutex);
    const auto [entry, is_new] = records().calls.try_emplace(std::move(key), 0);
    if (is_new) records().in_order.push_back(entry);
    ++entry->second;
}

bool recorded_call(int32_t index, aotgemm_plan_call& call) {
    const std::lock_guard lock(records().mutex);
    if (index < 0 || static_cast<std::size_t>(index) >= records().in_order.size()) return false;
    const auto& [key, count] = *records().in_order[index];
    const auto& [family, grouping, layout, out_dtype, groups, m, n, k, num_sms, kernel, planned] = key;
    call = {{family.c_str(), grouping.c_str(), layout.c_str(), out_dtype.c_str(), groups, m, n, k, num_sms},
            kernel,
            planned ? 1 : 0,
            count};
    return true;
}

void forget_recorded_calls() {
    const std::lock_guard lock(records().mutex);
    records().in_order.clear();
    records().calls.clear();
}

}  // namespace aotgemm
