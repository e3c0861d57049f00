// cp.async: copies of a few bytes by one lane, and the arrivals that follow them.
#pragma once

#include "ptx_machine/machine/block.hpp"

namespace aotgemm::ptx_machine {

// The copy is done by the time at which an arrival of its lane after it takes effect.
void issue_lane_copy(Warp& warp, LaneCopy copy);

// Takes effect now or later, as the schedule says.
void issue_lane_arrival(Warp& warp, const Instruction& i, int lane, std::uint32_t barrier);

// Of the lane whose arrival is at this place in cluster.lane_arrivals the first one, and the copies before it, take effect
// and leave their lists: arrivals of a lane come in their order.
void take_lane_effect(Cluster& cluster, std::size_t place);

}  // namespace aotgemm::ptx_machine
