// Which grids before the running one may still run (PTX ISA, griddepcontrol; CUDA, programmatic dependent launch).
//
// Grids are numbered from 1 as they are launched. A grid with programmatic serialization may start when every block of
// the grid before it has executed launch_dependents or is over; griddepcontrol.wait then waits until that grid is over,
// with all it wrote. That says something of still earlier grids only if the grid before has itself waited for them.
#pragma once

#include <algorithm>
#include <cstdint>

namespace aotgemm::ptx_machine {

class GridOrder {
   public:
    void start(bool is_programmatic) {
        const std::uint32_t all_over = over_with_it();
        const bool may_overtake = is_programmatic && !host_waited_ && grid_ != 0;
        if (!may_overtake) start_floor_ = all_over;
        else if (!triggered_early_) start_floor_ = std::min(grid_, all_over);
        wait_floor_ = all_over;
        ++grid_;
        waited_ = !may_overtake;
        triggered_early_ = host_waited_ = false;
    }
    // The host has waited for everything.
    void everything_is_over() { host_waited_ = true; }
    void wait() { waited_ = true; }
    // launch_dependents by a thread that knows, or does not know, that the grids before are over.
    void trigger(bool after_wait) { triggered_early_ = triggered_early_ || !after_wait; }

    std::uint32_t grid() const { return grid_; }
    // Grids from this one on may still run, for a thread that has waited or has not.
    std::uint32_t floor(bool has_waited) const { return has_waited ? wait_floor_ : start_floor_; }

   private:
    // When the last grid is over, so are those below this one.
    std::uint32_t over_with_it() const { return waited_ || host_waited_ ? grid_ + 1 : start_floor_; }

    std::uint32_t grid_ = 0;
    std::uint32_t start_floor_ = 1, wait_floor_ = 1;
    bool waited_ = true, triggered_early_ = false, host_waited_ = false;
};

}  // namespace aotgemm::ptx_machine
