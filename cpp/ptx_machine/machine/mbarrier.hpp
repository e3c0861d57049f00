// An mbarrier object: arrivals and bytes that its current phase still waits for.
#pragma once

#include <cstdint>

namespace aotgemm::ptx_machine {

inline constexpr std::uint32_t kMostArrivals = (1u << 20) - 1;
inline constexpr std::int64_t kMostBytes = (1 << 20) - 1;

struct Mbarrier {
    std::uint32_t address = 0;  // in its block's window
    int component = 0;          // of a clock: how many phases are known to be complete
    std::uint32_t expected = 0, pending = 0;
    std::int64_t bytes = 0;   // announced and not here yet; negative: here and not announced yet
    std::uint32_t phase = 0;  // number of completed phases
    std::uint32_t first_phase = 0;  // of those, before it was initialised last
    bool valid = false;
    bool init_fenced = false;           // visible to the cluster and to the async proxy
    std::uint64_t arrived_bytes = 0;    // in the current phase
    std::uint32_t last_with_bytes = 0;  // number of the last completed phase that brought bytes, from 1

    std::uint64_t step = 0, over_at = 0;  // of the timeline: of the latest arrival, and when the last phase was over

    // Whether the phase of this parity is over.
    bool is_over(std::uint32_t parity) const { return ((phase - first_phase) & 1) != (parity & 1); }
    bool is_complete() const { return pending == 0 && bytes == 0; }
};

}  // namespace aotgemm::ptx_machine
