// wgmma from its issue by four warps to its execution.
#pragma once

#include "ptx_machine/machine/block.hpp"

namespace aotgemm::ptx_machine {

void issue_wgmma(Warp& warp, const Instruction& i);
void commit_wgmma(Warp& warp);
// False: the warp must wait until the others of its warpgroup have issued too.
bool wait_for_wgmma(Warp& warp, std::uint32_t pending);

}  // namespace aotgemm::ptx_machine
