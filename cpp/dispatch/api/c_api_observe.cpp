// The part of the C ABI that watches.
#include "aotgemm/observe.h"

#include "dispatch/observe/call_lines.hpp"
#include "dispatch/observe/counters.hpp"
#include "dispatch/observe/ranges.hpp"
#include "dispatch/runtime/inventory.hpp"

using namespace aotgemm;

int64_t aotgemm_launches_of(int32_t cubin) {
    return cubin >= 0 && cubin < kCubinCount ? counters().launches[cubin].load(std::memory_order_relaxed) : 0;
}

aotgemm_stats aotgemm_get_stats(void) {
    aotgemm_stats stats{.cpu_gemms = counters().cpu_gemms, .launches = 0, .loads = counters().loads,
                        .refused = counters().refused};
    for (int32_t cubin = 0; cubin < kCubinCount; ++cubin) stats.launches += aotgemm_launches_of(cubin);
    return stats;
}

void aotgemm_set_call_lines(int32_t file) { call_lines_file.store(file < 0 ? -1 : file, std::memory_order_relaxed); }

void aotgemm_set_ranges(const aotgemm_ranges* ranges) { set_ranges(ranges); }
