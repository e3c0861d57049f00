// Shared by the queries.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <string>

#include "aotgemm/aotgemm.h"

namespace aotgemm::python {

// A device given by name, or as the dict that named_device returns.
aotgemm_device read_device(nanobind::handle given);

// The words and numbers of a problem. The strings must outlive it.
struct ProblemWords {
    const std::string &family, &grouping, &layout, &out_dtype;
};
struct ProblemNumbers {
    nanobind::handle groups, m, n, k, num_sms;
};
aotgemm_problem read_problem(const ProblemWords& words, const ProblemNumbers& numbers);

}  // namespace aotgemm::python
