// Time that this thread has had of the processor, which other processes do not lengthen.
#pragma once

#include <ctime>

namespace aotgemm::ptx_machine {

inline double processor_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace aotgemm::ptx_machine
