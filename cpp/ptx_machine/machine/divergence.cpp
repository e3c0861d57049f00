#include "ptx_machine/machine/divergence.hpp"

#include "ptx_machine/machine/machine.hpp"
#include "ptx_machine/machine/sync.hpp"

namespace aotgemm::ptx_machine {
namespace {

void resume(Warp& warp) {
    warp.pc = warp.frames.back().pc;
    warp.mask = warp.frames.back().mask;
}

}  // namespace

// warp.frames.back() is the running lanes' own: its pc is not kept up to date while they run.
void diverge(Warp& warp, const Instruction& branch, std::uint32_t taken) {
    const std::uint32_t others = warp.mask & ~taken;
    Frame& whole = warp.frames.back();
    // The lanes of this frame go on together at the join; a frame that ends there itself is not needed for that.
    if (whole.join == branch.join && branch.join != kNoJoin) {
        warp.frames.pop_back();
    } else {
        whole.pc = branch.join;
        if (branch.join == kNoJoin) warp.frames.pop_back();
    }
    Frame first{branch.target, taken, branch.join}, second{warp.pc, others, branch.join};
    Machine& machine = machine_of(warp);
    if (machine.options.schedule.order == WarpOrder::random && machine.random() % 2 == 0) std::swap(first, second);
    for (const Frame& frame : {second, first})
        if (frame.pc != branch.join) warp.frames.push_back(frame);
    resume(warp);
}

void join(Warp& warp, const Instruction&) {
    const std::uint32_t here = warp.pc - 1;
    while (warp.frames.size() > 1 && warp.frames.back().join == here) {
        warp.frames.pop_back();
        resume(warp);
        if (warp.pc != here) return;
    }
    warp.pc = here + 1;
}

void exit_lanes(Warp& warp, std::uint32_t lanes) {
    warp.living &= ~lanes;
    for (Frame& frame : warp.frames) frame.mask &= ~lanes;
    if (warp.frames.back().mask != 0) {
        warp.mask = warp.frames.back().mask;
        return;
    }
    while (!warp.frames.empty() && warp.frames.back().mask == 0) warp.frames.pop_back();
    if (!warp.frames.empty()) return resume(warp);
    warp.mask = 0;
    warp.state = WarpState::exited;
    ++warp.block->cluster->exited_warps;
    complete_cluster_barrier(*warp.block->cluster);
}

}  // namespace aotgemm::ptx_machine
