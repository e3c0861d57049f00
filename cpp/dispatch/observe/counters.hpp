// What the process has done so far, counted without a lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace aotgemm {

struct Counters {
    Counters();

    std::atomic<int64_t> cpu_gemms{0}, loads{0}, refused{0};
    const std::unique_ptr<std::atomic<int64_t>[]> launches;  // by cubin
};

Counters& counters();

inline void add_one(std::atomic<int64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace aotgemm
