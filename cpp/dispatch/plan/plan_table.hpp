// The rows of a plan, ready to be looked up at each call.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// A call without its M. kind: an index of PlanTable; num_sms: 0 for the CPU, which asks for the sizes alone.
struct CallKey {
    int32_t kind, groups, num_sms;
    int64_t n, k;

    bool operator==(const CallKey&) const = default;
};

struct CallKeyHash {
    std::size_t operator()(const CallKey& key) const;
};

struct PlannedInterval {
    int64_t m_first, m_last;
    int32_t kernel;  // index of a spec; -1 for one that this library does not hold as planned
};

class PlanTable {
   public:
    // Fails with AOTGEMM_ERROR_PLAN where rows contradict each other or name no kernel of the plan.
    explicit PlanTable(const aotgemm_plan& plan);

    // Which kind of call a spec serves, or a problem is; -1 for one that the plan has no rows of.
    int32_t kind_of(int32_t kernel) const { return kind_of_kernel_[kernel]; }
    int32_t kind_of(const aotgemm_problem& problem) const;

    // All intervals of such calls, ascending; nullptr if there are none.
    const std::vector<PlannedInterval>* find(const CallKey& key) const;

   private:
    struct Kind {
        std::string family, grouping, layout, out_dtype;
        bool operator==(const Kind&) const = default;
    };

    int32_t add_kind(const aotgemm_plan_row& row);
    void add(const CallKey& key, const PlannedInterval& interval);
    void sort_and_check();

    std::vector<Kind> kinds_;
    std::vector<int32_t> kind_of_kernel_;
    std::unordered_map<CallKey, std::vector<PlannedInterval>, CallKeyHash> calls_;
};

// What is wrong with the kernels the plan names, recomputed from the embedded bytes; "" if nothing is.
std::string plan_kernel_problems(const aotgemm_plan& plan);

}  // namespace aotgemm
