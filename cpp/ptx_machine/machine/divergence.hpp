// Lanes of a warp that part at a branch and meet again where both ways join (the immediate post-dominator).
#pragma once

#include "ptx_machine/machine/warp.hpp"

namespace aotgemm::ptx_machine {

inline constexpr std::uint32_t kNoJoin = 0xFFFFFFFF;  // the lanes meet again nowhere but at the end

// `taken` lanes jump, the others go on; which of them first is the schedule's choice.
void diverge(Warp& warp, const Instruction& branch, std::uint32_t taken);

// The running lanes have come to a join.
void join(Warp& warp, const Instruction& i);

// Lanes end. The next ones that wait run, or the warp is over.
void exit_lanes(Warp& warp, std::uint32_t lanes);

}  // namespace aotgemm::ptx_machine
