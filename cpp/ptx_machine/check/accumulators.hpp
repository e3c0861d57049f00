// Registers of wgmma under way, sums and those that hold A: nobody may touch them before wgmma.wait_group, and after an
// ordinary access a wgmma.fence must come before the next wgmma that uses them.
#pragma once

#include "ptx_machine/machine/warp.hpp"

namespace aotgemm::ptx_machine {

// An instruction that may touch accumulators is about to run.
void check_accumulator_access(Warp& warp, const Instruction& i);
void accumulators_are_issued(Warp& warp, const Instruction& i);
void accumulators_are_done(Warp& warp);

// Registers of a tcgen05.ld, which nobody may touch before tcgen05.wait::ld.
void tensor_load_is_issued(Warp& warp, const Instruction& i);
void tensor_load_is_over(Warp& warp, const Instruction& i);

}  // namespace aotgemm::ptx_machine
