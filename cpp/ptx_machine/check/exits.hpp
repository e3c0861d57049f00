// Work that a warp or a block leaves behind when it exits.
#pragma once

#include "ptx_machine/machine/block.hpp"

namespace aotgemm::ptx_machine {

void check_warp_exit(Warp& warp);
void check_cluster_exit(Cluster& cluster);

}  // namespace aotgemm::ptx_machine
