// What instructions and copies do to barriers, and whom that wakes.
#pragma once

#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {

struct SharedPlace {
    Block* block;
    std::uint32_t address;  // in the block's window
};

// What a register of 32 or 64 bits and an offset say of shared memory; more than 32 bits are no block's.
inline std::uint32_t shared_address(Warp& warp, const Place& base, int lane, std::int64_t offset) {
    if (base.type != RegisterType::bits64)
        return warp.lanes<std::uint32_t>(base)[lane] + static_cast<std::uint32_t>(offset);
    const std::uint64_t address = warp.lanes<std::uint64_t>(base)[lane] + static_cast<std::uint64_t>(offset);
    return address >> 32 == 0 ? static_cast<std::uint32_t>(address) : ~0u;
}

// Which block of the cluster an address means. Stops the grid if there is no such block.
SharedPlace shared_place(const Warp& warp, std::uint32_t address);
[[noreturn]] void stop_at_other_block(const Warp& warp, std::uint32_t address);
// The offset of an address in the warp's own block, which the instruction is confined to. Stops the grid if it is in
// another's.
inline std::uint32_t own_shared_offset(const Warp& warp, std::uint32_t address) {
    if (address >> kRankShift != warp.block->rank) stop_at_other_block(warp, address);
    return address & kOffsetMask;
}

// The initialised mbarrier at a place, which the warp must know to be initialised. Stops the grid if there is none.
Mbarrier& mbarrier_at(const Warp& warp, const Instruction& i, const SharedPlace& place, bool is_async);

void arrive_at(const Warp& warp, const Instruction& i, Block& block, Mbarrier& barrier);
inline void arrive_at(const Warp& warp, Block& block, Mbarrier& barrier) {
    arrive_at(warp, warp.current(), block, barrier);
}
void announce_bytes(const Warp& warp, Mbarrier& barrier, std::uint32_t bytes);
void bring_bytes(const BulkCopy& copy, Block& block, Mbarrier& barrier, std::uint32_t bytes);

// The warp, or one that exits, may have been the last to be waited for.
void complete_cluster_barrier(Cluster& cluster);

}  // namespace aotgemm::ptx_machine
