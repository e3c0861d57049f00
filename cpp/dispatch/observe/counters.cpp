#include "dispatch/observe/counters.hpp"

#include "dispatch/runtime/inventory.hpp"

namespace aotgemm {

Counters::Counters() : launches(new std::atomic<int64_t>[kCubinCount]()) {}

Counters& counters() {
    static auto& instance = *new Counters();  // outlives every thread that still counts
    return instance;
}

}  // namespace aotgemm
