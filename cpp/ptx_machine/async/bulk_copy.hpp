// Bulk tensor copies (TMA): from their issue to their effect.
#pragma once

#include "ptx_machine/machine/block.hpp"

namespace aotgemm::ptx_machine {

// Stands for a cache policy: loads with a hint want a value that createpolicy made.
inline constexpr std::uint64_t kEvictFirstPolicy = 0x12F0000000000000;

// The tensor map at a generic address. Stops the grid if there is none.
const TensorMap& tensor_map_at(const Warp& warp, std::uint64_t address);

// Takes effect now or later, as the schedule says.
void issue_copy(Warp& warp, BulkCopy copy);

// The copy of this place in cluster.copies takes effect and leaves the list.
void take_effect(Cluster& cluster, std::size_t place);

// Stores of these lanes: their open group ends; all but the last `pending` groups are to have read their memory.
void commit_stores(Warp& warp, std::uint32_t lanes);
void wait_for_stores(Warp& warp, std::uint32_t lanes, std::uint32_t pending);

}  // namespace aotgemm::ptx_machine
