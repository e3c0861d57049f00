#include "ptx_machine/check/checker.hpp"

#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {
namespace {

std::size_t index_of(const ClockLayout& layout, const Mbarrier& barrier) {
    return static_cast<std::size_t>(barrier.component - layout.mbarrier(0));
}

}  // namespace

Checker::Checker(Cluster& cluster) : cluster_(cluster) {
    layout_.warps = static_cast<int>(cluster.warps);
    layout_.mbarriers = static_cast<int>(cluster.blocks.size() * kMostMbarriers);
    layout_.uses_tensor_memory = cluster.machine->program->uses_tensor_memory;
    clocks_.assign(cluster.warps, layout_.make());
    for (std::size_t agent = 0; agent < clocks_.size(); ++agent) clocks_[agent].known[agent] = 1;
    met_.assign(cluster.warps, 0);
    arrived_from_.assign(cluster.blocks.size(), std::vector<std::uint32_t>(cluster.warps));
    named_.assign(cluster.blocks.size() * kNamedBarriers, layout_.make());
    pending_.assign(static_cast<std::size_t>(layout_.mbarriers), layout_.make());
    complete_ = pending_;
    cluster.cluster_clock = layout_.make();
    int first_agent = 0;
    for (const Block& block : cluster.blocks) {
        shadows_.emplace_back(layout_, static_cast<std::uint32_t>(block.shared.size()), first_agent);
        first_agent += static_cast<int>(block.warps.size());
    }
    if (layout_.uses_tensor_memory) tensor_ = std::make_unique<TensorChecker>(cluster, layout_, clocks_);
}

void Checker::step(const Warp& warp) {
    ++clocks_[static_cast<std::size_t>(warp.agent)].known[static_cast<std::size_t>(warp.agent)];
}

void Checker::release(const Warp& warp, Clock& into) {
    into.join(clock(warp));
    step(warp);
}

void Checker::acquire(const Warp& warp, const Clock& from) {
    const auto agent = static_cast<std::size_t>(warp.agent);
    clocks_[agent].join(from);
    met_[agent] = std::max(met_[agent], from.known[agent]);
}

void Checker::lanes_meet(const Warp& warp) {
    met_[static_cast<std::size_t>(warp.agent)] = clock(warp).known[static_cast<std::size_t>(warp.agent)];
    step(warp);
}

void Checker::proxy_fence(const Warp& warp) {
    Clock& clock = clocks_[static_cast<std::size_t>(warp.agent)];
    std::copy_n(clock.known.begin(), clock.proxied.size(), clock.proxied.begin());
    step(warp);
}

void Checker::mbarrier_init_fence(const Warp& warp) {
    Clock& clock = clocks_[static_cast<std::size_t>(warp.agent)];
    clock.published[static_cast<std::size_t>(warp.agent)] = clock.known[static_cast<std::size_t>(warp.agent)];
    step(warp);
}

void Checker::prerequisites_are_over(const Warp& warp) {
    cluster_.machine->memory->order().wait();
    clocks_[static_cast<std::size_t>(warp.agent)].known[static_cast<std::size_t>(layout_.prerequisites())] = 1;
}

void Checker::launch_dependents(const Warp& warp) {
    cluster_.machine->memory->order().trigger(clock(warp).known[static_cast<std::size_t>(layout_.prerequisites())] !=
                                              0);
}

void Checker::wgmma_is_done(const Warp& warp) {
    Clock& clock = clocks_[static_cast<std::size_t>(warp.agent)];
    const int first = warp.agent - warp.index % kWarpsOfWarpgroup;
    for (int agent = first; agent < first + kWarpsOfWarpgroup; ++agent)
        if (agent == warp.agent || !cluster_.machine->options.strict)
            clock.known[static_cast<std::size_t>(layout_.wgmma(agent))] =
                std::max(clock.known[static_cast<std::size_t>(layout_.wgmma(agent))], warp.wgmma_done);
}

void Checker::bulk_is_read(const Warp& warp, std::uint32_t tick) {
    clocks_[static_cast<std::size_t>(warp.agent)].known[static_cast<std::size_t>(layout_.bulk(warp.agent))] = tick;
}

void Checker::arrive(const Warp& warp, const Block& block, const Mbarrier& barrier) {
    if (&block != warp.block)
        arrived_from_[block.rank][static_cast<std::size_t>(warp.agent)] =
            clock(warp).known[static_cast<std::size_t>(warp.agent)];
    release(warp, pending_[index_of(layout_, barrier)]);
}

int Checker::arrival_after_exit(const Block& block) const {
    for (std::size_t agent = 0; agent < cluster_.warps; ++agent) {
        std::uint32_t known = 0;
        for (const Warp& warp : block.warps) known = std::max(known, clock(warp).known[agent]);
        if (known < arrived_from_[block.rank][agent]) return static_cast<int>(agent);
    }
    return -1;
}

void Checker::phase_is_complete(const Mbarrier& barrier) {
    Clock& pending = pending_[index_of(layout_, barrier)];
    pending.known[static_cast<std::size_t>(barrier.component)] = barrier.phase;
    std::swap(complete_[index_of(layout_, barrier)], pending);
    pending.clear();
}

void Checker::wait_succeeded(const Warp& warp, const Mbarrier& barrier) {
    if (barrier.phase > 0) acquire(warp, complete_[index_of(layout_, barrier)]);
}

Clock& Checker::barrier_clock(const Block& block, int barrier) {
    return named_[block.rank * static_cast<std::size_t>(kNamedBarriers) + static_cast<std::size_t>(barrier)];
}

std::string Checker::writer_of(const Warp& warp, const Earlier& earlier) const {
    if (earlier.write_statement < 0) return "";
    const Statement& statement = warp.program->entry.statements[static_cast<std::size_t>(earlier.write_statement)];
    std::string by = "a bulk copy";
    if (earlier.writer < layout_.warps) by = "warp " + std::to_string(earlier.writer);
    return by + " at line " + std::to_string(statement.line) + " (" + statement.opcode + ")";
}

void Checker::report(Warp& warp, const Instruction& i, Conflict conflict, const Earlier& earlier, std::uint32_t address,
                     bool is_write, bool is_async) const {
    const std::string what =
        std::string(is_write ? "writes" : "reads") + " shared memory at " + std::to_string(address);
    Machine& machine = machine_of(warp);
    switch (conflict) {
        case Conflict::none: return;
        case Conflict::write:
            return machine.report(warp, i, "race",
                                  what + ", which " + writer_of(warp, earlier) + " wrote with nothing between the two",
                                  "Wait for the barrier that says the write is over.");
        case Conflict::read:
            if (layout_.is_tensor(earlier.reader))
                return machine.report(warp, i, "race", what + ", which a tcgen05 operation under way may still read",
                                      "Wait for an mbarrier that a tcgen05.commit after it arrives at.");
            return machine.report(warp, i, "race",
                                  what + ", which warp " + std::to_string(earlier.reader) + " may still read",
                                  "Let the readers arrive on a barrier, and wait for it.");
        case Conflict::wgmma_read:
            return machine.report(warp, i, "race", what + ", which a wgmma under way may still read",
                                  "Release the stage after wgmma.wait_group, by every warp of the warpgroup.");
        case Conflict::bulk_read:
            return machine.report(warp, i, "race", what + ", which a bulk store may still read",
                                  "Wait with cp.async.bulk.wait_group.read before the buffer is used again.");
        case Conflict::proxy:
            return machine.report(
                warp, i, "proxy-fence",
                what + " through the async proxy, which " + writer_of(warp, earlier) + " wrote without a proxy fence",
                "Put fence.proxy.async after the writes, before the barrier.");
        case Conflict::lanes:
            return machine.report(warp, i, "race",
                                  what + ", which another lane of the warp touched with no bar.warp.sync between",
                                  "Put __syncwarp() between the two.");
        case Conflict::mbarrier:
            return machine.report(warp, i, "mbarrier",
                                  what + (is_async ? " by a copy" : "") + ", where an mbarrier lies",
                                  "Only mbarrier instructions may touch it.");
    }
}

void Checker::shared_load(Warp& warp, std::uint32_t address, std::uint32_t bytes, int lane) {
    const Clock& clock = this->clock(warp);
    const auto component = static_cast<std::uint16_t>(warp.agent);
    SharedShadow& shadow = shadow_of(*warp.block);
    const Toucher by{&clock,     component, clock.known[component],  static_cast<std::uint8_t>(lane), false,
                     warp.agent, met(warp), warp.current().statement};
    const Conflict conflict = shadow.read(address, bytes, by);
    if (conflict != Conflict::none) report(warp, warp.current(), conflict, shadow.last(), address, false, false);
}

void Checker::shared_store(Warp& warp, std::uint32_t address, std::uint32_t bytes, int lane, bool defined,
                           bool is_atomic) {
    const Clock& clock = this->clock(warp);
    const auto component = static_cast<std::uint16_t>(warp.agent);
    SharedShadow& shadow = shadow_of(*warp.block);
    const Toucher by{&clock,
                     component,
                     clock.known[component],
                     static_cast<std::uint8_t>(lane),
                     false,
                     warp.agent,
                     met(warp),
                     warp.current().statement,
                     is_atomic};
    const Conflict conflict = shadow.write(address, bytes, by, defined);
    if (conflict != Conflict::none) report(warp, warp.current(), conflict, shadow.last(), address, true, false);
}

void Checker::copy_writes_shared(const BulkCopy& copy, const Block& block, std::uint32_t address, std::uint32_t bytes,
                                 bool defined) {
    const Mbarrier* barrier = cluster_.blocks[copy.barrier_rank(block.rank)].find_mbarrier(copy.barrier);
    SharedShadow& shadow = shadow_of(block);
    const Toucher by{&copy.clock,
                     static_cast<std::uint16_t>(barrier->component),
                     barrier->phase + 1,
                     static_cast<std::uint8_t>(copy.lane),
                     true,
                     copy.issuer->agent,
                     copy.met,
                     copy.instruction->statement};
    const Conflict conflict = shadow.write(address, bytes, by, defined);
    if (conflict != Conflict::none)
        report(*copy.issuer, *copy.instruction, conflict, shadow.last(), address, true, true);
}

void Checker::copy_reads_shared(const BulkCopy& copy, const Block& block, std::uint32_t address, std::uint32_t bytes) {
    SharedShadow& shadow = shadow_of(block);
    const Toucher by{&copy.clock, static_cast<std::uint16_t>(layout_.bulk(copy.issuer->agent)),
                     copy.tick,   static_cast<std::uint8_t>(copy.lane),
                     true,        copy.issuer->agent,
                     copy.met,    copy.instruction->statement};
    const Conflict conflict = shadow.read(address, bytes, by);
    if (conflict != Conflict::none)
        report(*copy.issuer, *copy.instruction, conflict, shadow.last(), address, false, true);
}

// Through the generic proxy, but later than its issuer goes on.
void Checker::lane_copy_writes_shared(const LaneCopy& copy, const Mbarrier& barrier, bool defined) {
    SharedShadow& shadow = shadow_of(*copy.issuer->block);
    const Toucher by{&copy.clock,
                     static_cast<std::uint16_t>(barrier.component),
                     barrier.phase + 1,
                     static_cast<std::uint8_t>(copy.lane),
                     false,
                     copy.issuer->agent,
                     copy.met,
                     copy.instruction->statement};
    const Conflict conflict = shadow.write(copy.shared, copy.bytes, by, defined);
    if (conflict != Conflict::none)
        report(*copy.issuer, *copy.instruction, conflict, shadow.last(), copy.shared, true, false);
}

void Checker::arrive_after_copies(const LaneArrival& arrival, const Mbarrier& barrier) {
    pending_[index_of(layout_, barrier)].join(arrival.clock);
}

void Checker::wgmma_reads(const Block& block, const WgmmaOp& op, int warpgroup, std::uint32_t tick,
                          std::uint32_t address, std::uint32_t bytes) {
    SharedShadow& shadow = shadow_of(block);
    const Conflict conflict = shadow.read_by_wgmma(address, bytes, op.clock, warpgroup, tick);
    if (conflict == Conflict::none) return;
    Warp& warp = cluster_.blocks[block.rank].warps[static_cast<std::size_t>(warpgroup * kWarpsOfWarpgroup)];
    report(warp, *op.instruction, conflict, shadow.last(), address, false, true);
}

void Checker::tensor_reads_shared(const TensorOp& op, const Block& block, std::uint32_t address, std::uint32_t bytes) {
    SharedShadow& shadow = shadow_of(block);
    const Toucher by{&op.clock, static_cast<std::uint16_t>(layout_.tensor(op.issuer->agent)),
                     op.tick,   static_cast<std::uint8_t>(op.lane),
                     true,      op.issuer->agent,
                     op.met,    op.instruction->statement};
    const Conflict conflict = shadow.read(address, bytes, by);
    if (conflict != Conflict::none) report(*op.issuer, *op.instruction, conflict, shadow.last(), address, false, true);
}

// Who waits for a commit knows what its issuer knew, and that all the issuer's operations before are over.
void Checker::commit_arrives(const TensorOp& op, const Block& block, const Mbarrier& barrier) {
    const auto agent = static_cast<std::size_t>(op.issuer->agent);
    if (&block != op.issuer->block) {
        std::uint32_t& last = arrived_from_[block.rank][agent];
        last = std::max(last, op.clock.known[agent]);
    }
    Clock& pending = pending_[index_of(layout_, barrier)];
    pending.join(op.clock);
    pending.known[static_cast<std::size_t>(layout_.tensor(op.issuer->agent))] = op.tick;
}

void Checker::want_mbarrier_known(Warp& warp, const Instruction& i, const Block& block, std::uint32_t address) {
    if (shadow_of(block).knows_mbarrier(address, clock(warp))) return;
    const Earlier earlier = shadow_of(block).earlier(address);
    machine_of(warp).report(
        warp, i, "race",
        "an mbarrier is used that " + writer_of(warp, earlier) + " initialises with nothing between the two",
        "Put __syncthreads(), or the cluster's barrier, after mbarrier.init.");
}

bool Checker::global_access(Warp& warp, const Instruction& i, std::uint64_t address, std::uint32_t bytes,
                            bool is_write) {
    Machine& machine = machine_of(warp);
    const std::string what = std::string(is_write ? "writes" : "reads") + " global memory";
    Allocation* allocation = machine.memory->find(address, bytes);
    if (allocation == nullptr) {
        machine.report(warp, i, "bounds", what + " of " + std::to_string(bytes) + " bytes that are not allocated",
                       "Check the address against the tensor's sizes and strides.");
        return false;
    }
    const bool has_waited = clock(warp).known[static_cast<std::size_t>(layout_.prerequisites())] != 0;
    const auto cluster = static_cast<std::uint32_t>(machine.counts.clusters);
    const char* const kWait = "Execute griddepcontrol.wait before, and in every grid of a chain.";
    const char* const kOwn = "Clusters run in any order: give each its own part of the output.";
    switch (allocation->touch(address, bytes, is_write, machine.memory->order(), has_waited, cluster)) {
        case GlobalConflict::none: break;
        case GlobalConflict::cluster_wrote:
            machine.report(warp, i, "race", what + " that another cluster of the grid has written", kOwn);
            break;
        case GlobalConflict::cluster_reads:
            machine.report(warp, i, "race", what + " that another cluster of the grid reads", kOwn);
            break;
        case GlobalConflict::grid_writes:
            machine.report(warp, i, "pdl", what + " that a grid before this one, which may still run, has written",
                           kWait);
            break;
        case GlobalConflict::grid_reads:
            machine.report(warp, i, "pdl", what + " that a grid before this one, which may still run, reads", kWait);
            break;
    }
    return true;
}

bool Checker::global_is_defined(const Warp& warp, std::uint64_t address, std::uint32_t bytes) const {
    const Allocation* allocation = machine_of(warp).memory->find(address, bytes);
    return allocation != nullptr && allocation->is_defined(address, bytes);
}

void Checker::global_define(const Warp& warp, std::uint64_t address, std::uint32_t bytes, bool defined) {
    if (Allocation* allocation = machine_of(warp).memory->find(address, bytes))
        allocation->define(address, bytes, defined);
}

}  // namespace aotgemm::ptx_machine
