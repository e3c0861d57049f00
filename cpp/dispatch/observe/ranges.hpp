// A range for each call and each launch, as profilers show them on the calling thread: NVTX's, or whoever set functions.
#pragma once

#include <atomic>
#include <string>

#include "aotgemm/observe.h"

namespace aotgemm {

// nullptr where nobody asked for ranges, which costs a call one load. What it points to is kept for good.
extern std::atomic<const aotgemm_ranges*> range_functions;

void set_ranges(const aotgemm_ranges* functions);

std::string range_name(const aotgemm_problem& problem);

// From its construction to its end; a change of the functions meanwhile does not matter to it.
class Range {
public:
    // make_name gives what std::string takes, and is called where there are ranges alone.
    template <class MakeName>
    explicit Range(const MakeName& make_name) : functions_(range_functions.load(std::memory_order_acquire)) {
        if (functions_ != nullptr) functions_->push(std::string(make_name()).c_str());
    }
    ~Range() {
        if (functions_ != nullptr) functions_->pop();
    }
    Range(const Range&) = delete;
    Range& operator=(const Range&) = delete;

private:
    const aotgemm_ranges* functions_;
};

}  // namespace aotgemm
