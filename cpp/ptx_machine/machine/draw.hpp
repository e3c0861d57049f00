// What the timeline is told, where there is one.
#pragma once

#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {

// The warp waits, for `label`, until step `until`.
void draw_wait(Warp& warp, std::uint64_t until, const std::string& label);
// The warp has run from its start to here.
void draw_run(Warp& warp);
void draw_copy(const BulkCopy& copy);
// A tcgen05.mma of `columns` columns, of the tensor core of a block or of a pair whose even block it is: after those
// before it. Returns the step at which it is over.
std::uint64_t draw_mma(Block& owner, const TensorOp& op, int columns);
// One wgmma of a warpgroup, which its last warp has issued at its step.
void draw_wgmma(Block& block, int warpgroup, const Instruction& instruction, std::uint64_t issued);
// The warp waits for the wgmma of its warpgroup before this number.
void draw_wgmma_wait(Warp& warp, std::uint32_t end);

}  // namespace aotgemm::ptx_machine
