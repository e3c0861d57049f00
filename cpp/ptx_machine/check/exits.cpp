#include "ptx_machine/check/exits.hpp"

#include <algorithm>

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {
namespace {

std::size_t copies_without_arrival(const Warp& warp) {
    const Cluster& cluster = *warp.block->cluster;
    std::size_t copies = 0, awaited = 0;
    for (const LaneCopy& copy : cluster.lane_copies) copies += copy.issuer == &warp;
    for (int lane = 0; lane < kLanes; ++lane) {
        std::size_t of_lane = 0;  // the last arrival of a lane follows all that the ones before it do
        for (const LaneArrival& arrival : cluster.lane_arrivals)
            if (arrival.issuer == &warp && arrival.lane == lane) of_lane = std::max(of_lane, arrival.copies);
        awaited += of_lane;
    }
    return copies - awaited;
}

}  // namespace

void check_warp_exit(Warp& warp) {
    if (!warp.bulk.empty())
        report(warp, "exit", "a warp exits before its bulk stores have read their shared memory",
               "Wait with cp.async.bulk.wait_group.read before the end.");
    if (copies_without_arrival(warp) != 0)
        report(warp, "exit", "a warp exits with a cp.async that no arrival follows",
               "Let cp.async.mbarrier.arrive follow it, and wait for that mbarrier.");
    if (warp.wgmma_done != warp.wgmma_issued)
        report(warp, "exit", "a warp exits with a wgmma under way", "Wait with wgmma.wait_group before the end.");
    if (!warp.tensor_loads.empty() || !warp.tensor_stores.empty())
        report(warp, "exit", "a warp exits with a tcgen05.ld or st under way",
               "Wait with tcgen05.wait::ld or st before the end.");
}

namespace {

// Up to which phase of the barrier any warp of its block knows that it is over.
std::uint32_t seen_by_anybody(const Block& block, const Mbarrier& barrier) {
    std::uint32_t seen = 0;
    for (const Warp& warp : block.warps)
        seen = std::max(seen, warp.check->clock(warp).known[static_cast<std::size_t>(barrier.component)]);
    return seen;
}

}  // namespace

namespace {

void check_tensor_exit(const Block& block) {
    const Warp& warp = block.warps[0];
    for (const TensorMemory::Range& range : block.tensor_memory->ranges())
        report(warp, "exit",
               "a block exits with " + std::to_string(range.columns) + " columns of tensor memory allocated",
               "Deallocate them before the end.");
    const int late = warp.check->tensor().unfinished(block);
    if (late >= 0)
        report(warp, "exit",
               "a block may exit while a tcgen05 operation that warp " + std::to_string(late) +
                   " of the cluster issued uses its memory or its mbarriers",
               "Wait for an mbarrier that a tcgen05.commit after it arrives at, in both blocks of a pair.");
}

}  // namespace

void check_cluster_exit(Cluster& cluster) {
    for (Block& block : cluster.blocks) {
        if (block.tensor_memory != nullptr) check_tensor_exit(block);
        if (block.registers_short > 0)
            report(block.warps[0], "setmaxnreg",
                   "warps wait for " + std::to_string(block.registers_short) +
                       " registers more than others of their block give",
                   "Let setmaxnreg.dec give as many as setmaxnreg.inc takes.");
        const int late = block.warps[0].check->arrival_after_exit(block);
        if (late >= 0)
            report(block.warps[0], "exit",
                   "a block may exit before warp " + std::to_string(late) +
                       " of its cluster arrives at one of its mbarriers",
                   "Let the blocks of a cluster meet at barrier.cluster before they end.");
        for (const Mbarrier& barrier : block.mbarriers) {
            const std::string which = "the mbarrier at " + std::to_string(barrier.address);
            if (barrier.bytes != 0)
                report(block.warps[0], "exit",
                       "a block exits while " + which + " still counts " + std::to_string(barrier.bytes) + " bytes",
                       "Wait for every copy, and announce what comes.");
            if (barrier.last_with_bytes > seen_by_anybody(block, barrier))
                report(block.warps[0], "exit",
                       "a block exits though nobody has waited for the copies that arrive at " + which,
                       "Wait for every phase that brings bytes.");
        }
    }
}

}  // namespace aotgemm::ptx_machine
