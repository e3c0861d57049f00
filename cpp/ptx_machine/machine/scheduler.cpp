#include "ptx_machine/machine/scheduler.hpp"

#include <algorithm>

#include "ptx_machine/async/bulk_copy.hpp"
#include "ptx_machine/async/lane_copy.hpp"
#include "ptx_machine/async/tensor_pipe.hpp"
#include "ptx_machine/check/accumulators.hpp"
#include "ptx_machine/check/exits.hpp"
#include "ptx_machine/machine/draw.hpp"

namespace aotgemm::ptx_machine {

Scheduler::Scheduler(Machine& machine, Cluster& cluster) : machine_(machine), cluster_(cluster) {
    for (Block& block : cluster.blocks)
        for (Warp& warp : block.warps) warps_.push_back(&warp);
}

Warp* Scheduler::pick() {
    const Schedule& schedule = machine_.options.schedule;
    std::vector<std::size_t> able;
    for (std::size_t i = 0; i < warps_.size(); ++i)
        if (warps_[i]->state == WarpState::runnable) able.push_back(i);
    if (able.empty()) return nullptr;
    const auto next_after = [&](std::size_t last) {
        const auto found = std::upper_bound(able.begin(), able.end(), last);
        return found == able.end() ? able.front() : *found;
    };
    switch (schedule.order) {
        case WarpOrder::consumers_first: last_ = able.front(); break;
        case WarpOrder::producers_first: last_ = able.back(); break;
        case WarpOrder::in_turn: last_ = next_after(last_); break;
        case WarpOrder::random: last_ = able[machine_.random() % able.size()]; break;
        case WarpOrder::starve_one: {
            const std::size_t starved = static_cast<std::size_t>(schedule.starved) % warps_.size();
            last_ = next_after(last_);
            if (last_ == starved) last_ = next_after(last_);
            break;
        }
    }
    return warps_[last_];
}

std::uint64_t Scheduler::quantum() {
    switch (machine_.options.schedule.order) {
        case WarpOrder::random: return 1 + machine_.random() % 200;
        case WarpOrder::in_turn: return 1000;
        default: return 64;
    }
}

void Scheduler::run_for(Warp& warp, std::uint64_t instructions) {
    const Instruction* code = warp.program->instructions.data();
    std::uint64_t done = 0;
    for (; done < instructions && warp.state == WarpState::runnable; ++done) {
        const Instruction& i = code[warp.pc++];
        i.run(warp, i);
    }
    warp.executed += done;
}

namespace {

void propagate(Warp& warp, const Instruction& i, std::uint32_t lanes) {
    const std::uint32_t sources = warp.defined[i.a.shadow] & warp.defined[i.b.shadow] & warp.defined[i.c.shadow];
    warp.define(i.to, lanes, sources);
}

void check_guard(Warp& warp, const Instruction& i) {
    if ((warp.mask & ~warp.defined[i.guard_shadow]) == 0) return;
    report(warp, "uninitialised", "whether an instruction runs depends on a value that nothing has written",
           "Initialise what the condition is computed from.");
}

}  // namespace

void Scheduler::run_checked(Warp& warp, std::uint64_t instructions) {
    const Instruction* code = warp.program->instructions.data();
    std::uint64_t done = 0;
    for (; done < instructions && warp.state == WarpState::runnable; ++done) {
        const std::uint32_t at = warp.pc++;
        const Instruction& i = code[at];
        ++machine_.hits[at];
        ++warp.step;
        if (i.guard != 0) check_guard(warp, i);
        if ((i.flags & kTouchesAccumulators) != 0) check_accumulator_access(warp, i);
        const std::uint32_t lanes = warp.active(i);
        i.run(warp, i);
        if ((i.flags & kPropagates) != 0) propagate(warp, i, lanes);
    }
    warp.executed += done;
}

// One of the copies, of lanes' arrivals after theirs, or the first of the operations that a tensor core has yet to do.
bool Scheduler::let_something_take_effect() {
    std::vector<Block*> tensor_cores;
    for (Block& block : cluster_.blocks)
        if (!block.tensor_ops.empty()) tensor_cores.push_back(&block);
    const std::size_t copies = cluster_.copies.size(), arrivals = cluster_.lane_arrivals.size();
    const std::size_t all = copies + arrivals + tensor_cores.size();
    if (all == 0) return false;
    std::size_t place = copies != 0 ? copies - 1 : 0;
    if (machine_.options.schedule.timing == AsyncTiming::random)
        place = machine_.random() % all;
    else if (copies != 0 && !cluster_.copies[place].is_load())
        for (std::size_t i = 0; i < copies; ++i)
            if (cluster_.copies[i].is_load()) place = i;
    if (place < copies) take_effect(cluster_, place);
    else if (place < copies + arrivals) take_lane_effect(cluster_, place - copies);
    else take_tensor_effect(*tensor_cores[place - copies - arrivals]);
    return true;
}

void Scheduler::leave(Warp& warp) {
    machine_.counts.warp_instructions += warp.executed;
    draw_run(warp);
    if (warp.check != nullptr) check_warp_exit(warp);
    Block& block = *warp.block;
    block.exited = std::all_of(block.warps.begin(), block.warps.end(),
                               [](const Warp& other) { return other.state == WarpState::exited; });
}

void Scheduler::run() {
    const bool checks = machine_.options.checks;
    while (cluster_.exited_warps < cluster_.warps) {
        if (machine_.options.schedule.timing == AsyncTiming::random && machine_.random() % 4 == 0)
            let_something_take_effect();
        Warp* warp = pick();
        if (warp == nullptr) {
            if (!let_something_take_effect()) deadlock();
            continue;
        }
        checks ? run_checked(*warp, quantum()) : run_for(*warp, quantum());
        if (warp->state == WarpState::exited) leave(*warp);
        if (warp->executed > machine_.options.most_instructions)
            machine_.stop(*warp, warp->program->instructions[warp->pc], "deadlock", "a warp runs without end",
                          "Check the condition of the loop.");
    }
    if (checks) check_cluster_exit(cluster_);
    while (let_something_take_effect()) {
    }
}

namespace {

std::string state_of(const Warp& warp) {
    switch (warp.state) {
        case WarpState::exited: return "has exited";
        case WarpState::at_cluster_barrier: return "waits at the cluster's barrier";
        case WarpState::at_wgmma: return "waits for the other warps of its warpgroup to issue a wgmma";
        case WarpState::at_tensor_memory:
            return "waits for columns of tensor memory that are taken, or for the other block of its pair to do the "
                   "same";
        case WarpState::at_barrier: {
            const NamedBarrier& barrier = warp.block->barriers[static_cast<std::size_t>(warp.barrier)];
            return "waits at barrier " + std::to_string(warp.barrier) + ", where " + std::to_string(barrier.arrived) +
                   " of " + std::to_string(barrier.wanted) + " threads are";
        }
        case WarpState::at_mbarrier: {
            const Mbarrier& barrier = *warp.waiting_for;
            return "waits for the mbarrier at " + std::to_string(barrier.address) + ", in phase " +
                   std::to_string(barrier.phase) + " of which " + std::to_string(barrier.pending) + " arrivals and " +
                   std::to_string(barrier.bytes) + " bytes are missing";
        }
        case WarpState::runnable: return "can run";
    }
    return "";
}

}  // namespace

void Scheduler::deadlock() {
    std::string message = "no warp can go on";
    Warp* first = nullptr;
    for (Warp* warp : warps_) {
        if (warp->state == WarpState::exited) continue;
        if (first == nullptr) first = warp;
        const std::uint32_t at =
            warp->state == WarpState::at_mbarrier || warp->state == WarpState::at_wgmma ? warp->pc : warp->pc - 1;
        message += "\n    block " + std::to_string(warp->block->rank) + ", warp " + std::to_string(warp->index) +
                   ", line " + std::to_string(warp->program->line_of(warp->program->instructions[at])) + ": " +
                   state_of(*warp);
    }
    const std::uint32_t at =
        first->state == WarpState::at_mbarrier || first->state == WarpState::at_wgmma ? first->pc : first->pc - 1;
    machine_.stop(*first, first->program->instructions[at], "deadlock", message,
                  "Look for the arrival, the bytes or the thread that is missing.");
}

}  // namespace aotgemm::ptx_machine
