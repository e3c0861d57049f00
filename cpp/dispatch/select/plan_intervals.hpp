// The selection over a range of M, as intervals of one kernel each.
#pragma once

#include <vector>

#include "aotgemm/aotgemm.h"

namespace aotgemm {

std::vector<aotgemm_interval> select_intervals(aotgemm_problem problem, const aotgemm_device& device, int64_t m_first,
                                               int64_t m_last, int64_t m_step);

}  // namespace aotgemm
