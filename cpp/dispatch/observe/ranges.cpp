#include "dispatch/observe/ranges.hpp"

#include "dispatch/base/failure.hpp"

namespace aotgemm {

std::atomic<const aotgemm_ranges*> range_functions{nullptr};

// A range of another thread may still use what was set before, so that is never freed: it is two pointers.
void set_ranges(const aotgemm_ranges* functions) {
    const bool are_there = functions != nullptr && functions->push != nullptr && functions->pop != nullptr;
    range_functions.store(are_there ? new aotgemm_ranges(*functions) : nullptr, std::memory_order_release);
}

std::string range_name(const aotgemm_problem& problem) {
    return text(problem.family, " ", problem.grouping, " ", problem.layout, " ", problem.out_dtype, " ", problem.m, "x",
                problem.n, "x", problem.k, " groups=", problem.groups);
}

}  // namespace aotgemm
