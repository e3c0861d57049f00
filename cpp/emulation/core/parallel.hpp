// Work shared among threads that live for one call only: nothing survives it, so a fork before or after is safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "emulation/core/float_environment.hpp"

namespace aotgemm::emulation {

// Below this many multiply-adds (about a tenth of a millisecond) a further thread costs more than it saves.
inline constexpr std::int64_t kWorkPerThread = 1 << 20;

inline int usable_threads(int requested, std::int64_t items, std::int64_t work) {
    const std::int64_t cores = requested > 0 ? requested : static_cast<int>(std::thread::hardware_concurrency());
    return static_cast<int>(std::max<std::int64_t>(1, std::min({cores, items, work / kWorkPerThread})));
}

// Calls body(item, scratch) for every item in [0, items), each thread with a Scratch of its own. Which thread takes
// which item is not defined: items must not depend on one another. Rethrows the first exception.
template <class Scratch, class Body>
void for_each_item(std::int64_t items, int threads, Body&& body) {
    std::atomic<std::int64_t> next{0};
    std::exception_ptr failure;
    std::mutex failure_mutex;
    const auto drain = [&] {
        try {
            const DefaultFloatEnvironment environment;
            const auto scratch = std::make_unique<Scratch>();
            for (std::int64_t item = next++; item < items; item = next++) body(item, *scratch);
        } catch (...) {
            const std::lock_guard lock(failure_mutex);
            if (!failure) failure = std::current_exception();
            next = items;
        }
    };
    {
        std::vector<std::jthread> helpers;
        helpers.reserve(static_cast<std::size_t>(threads - 1));
        for (int i = 1; i < threads; ++i) helpers.emplace_back(drain);
        drain();
    }
    if (failure) std::rethrow_exception(failure);
}

}  // namespace aotgemm::emulation
