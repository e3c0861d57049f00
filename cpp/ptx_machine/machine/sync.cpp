#include "ptx_machine/machine/sync.hpp"

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/draw.hpp"

namespace aotgemm::ptx_machine {

SharedPlace shared_place(const Warp& warp, std::uint32_t address) {
    const std::uint32_t rank = address >> kRankShift;
    std::deque<Block>& blocks = warp.block->cluster->blocks;
    if (rank >= blocks.size())
        stop(warp, "bounds",
             "block " + std::to_string(rank) + " of the cluster is meant, which has " + std::to_string(blocks.size()),
             "Check the rank given to mapa.");
    return {&blocks[rank], address & kOffsetMask};
}

void stop_at_other_block(const Warp& warp, std::uint32_t address) {
    stop(warp, "bounds",
         "shared memory of block " + std::to_string(address >> kRankShift) +
             " is accessed by an instruction that reaches its own block's only",
         "Check the address; what mapa returns wants the .shared::cluster form.");
}

Mbarrier& mbarrier_at(const Warp& warp, const Instruction& i, const SharedPlace& place, bool is_async) {
    Machine& machine = machine_of(warp);
    Mbarrier* barrier = place.block->find_mbarrier(place.address);
    if (barrier == nullptr || !barrier->valid)
        machine.stop(warp, i, "mbarrier", "there is no initialised mbarrier at " + std::to_string(place.address),
                     "Initialise it before the barrier that starts the block, and check the address.");
    const bool is_remote = place.block != warp.block;
    if (warp.check != nullptr && (is_async || is_remote) && !barrier->init_fenced)
        machine.report(
            warp, i, "proxy-fence",
            std::string("an mbarrier is used by ") + (is_async ? "the async proxy" : "another block") +
                " though no fence has published its initialisation",
            "Put fence.mbarrier_init.release.cluster after mbarrier.init, before the barrier that starts the block.");
    if (place.block->exited)
        machine.report(warp, i, "exit", "an mbarrier of a block that has exited is used",
                       "Keep the blocks of a cluster alive until their neighbours are done.");
    return *barrier;
}

namespace {

void complete_phase_if_over(Block& block, Mbarrier& barrier, Checker* check) {
    if (!barrier.is_complete()) return;
    ++barrier.phase;
    barrier.pending = barrier.expected;
    barrier.over_at = barrier.step;
    if (barrier.arrived_bytes != 0) barrier.last_with_bytes = barrier.phase;
    barrier.arrived_bytes = 0;
    if (check != nullptr) check->phase_is_complete(barrier);
    for (Warp& warp : block.warps) {
        if (warp.state != WarpState::at_mbarrier || warp.waiting_for != &barrier) continue;
        warp.state = WarpState::runnable;
        warp.waiting_for = nullptr;
    }
}

}  // namespace

void arrive_at(const Warp& warp, const Instruction& i, Block& block, Mbarrier& barrier) {
    if (barrier.pending == 0)
        machine_of(warp).stop(warp, i, "mbarrier",
                              "more arrivals come at the mbarrier at " + std::to_string(barrier.address) +
                                  " than the " + std::to_string(barrier.expected) + " of a phase",
                              "Initialise it with the number of arrivals, or let fewer threads arrive.");
    --barrier.pending;
    barrier.step = std::max(barrier.step, warp.step);
    complete_phase_if_over(block, barrier, warp.check);
}

void announce_bytes(const Warp& warp, Mbarrier& barrier, std::uint32_t bytes) {
    barrier.bytes += bytes;
    if (barrier.bytes > kMostBytes)
        report(warp, "mbarrier", "more bytes are announced at an mbarrier than its count holds, 2^20 - 1",
               "Announce less in a phase.");
}

void bring_bytes(const BulkCopy& copy, Block& block, Mbarrier& barrier, std::uint32_t bytes) {
    barrier.bytes -= bytes;
    barrier.arrived_bytes += bytes;
    barrier.step = std::max(barrier.step, copy.done_at);
    if (barrier.bytes < -kMostBytes)
        machine_of(*copy.issuer)
            .report(*copy.issuer, *copy.instruction, "mbarrier",
                    "more bytes come at an mbarrier than its count holds, 2^20 - 1", "Announce the bytes.");
    complete_phase_if_over(block, barrier, copy.issuer->check);
}

void complete_cluster_barrier(Cluster& cluster) {
    if (cluster.arrived == 0 || cluster.arrived + cluster.exited_warps < cluster.warps) return;
    cluster.arrived = 0;
    ++cluster.phase;
    for (Block& block : cluster.blocks) {
        for (Warp& warp : block.warps) {
            if (warp.check != nullptr && warp.state != WarpState::exited)
                warp.check->acquire(warp, cluster.cluster_clock);
            if (warp.state != WarpState::at_cluster_barrier) continue;
            draw_wait(warp, cluster.step, "for the cluster");
            warp.state = WarpState::runnable;
        }
    }
    cluster.cluster_clock.clear();
}

}  // namespace aotgemm::ptx_machine
