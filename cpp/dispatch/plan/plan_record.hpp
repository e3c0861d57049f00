// Calls noted in record mode.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

void record_call(const aotgemm_problem& problem, int32_t kernel, bool planned);
bool recorded_call(int32_t index, aotgemm_plan_call& call);
void forget_recorded_calls();

}  // namespace aotgemm
