// Where a call runs, for callers that do not say.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

inline constexpr aotgemm_launch kDefaultLaunch{.stream = nullptr, .kernel = -1, .cpu_threads = 0, .allocator = nullptr};

inline const aotgemm_launch& options_of(const aotgemm_launch* launch) { return launch != nullptr ? *launch : kDefaultLaunch; }

}  // namespace aotgemm
