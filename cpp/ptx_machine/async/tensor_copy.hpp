// tcgen05.cp: rows of 16 bytes from shared memory to tensor memory.
#pragma once

#include "ptx_machine/check/tensor_shadow.hpp"
#include "ptx_machine/machine/block.hpp"

namespace aotgemm::ptx_machine {

// What it writes in each block that takes part.
TensorRegion region_of_copy(const TensorOp& op);

void copy_to_tensor_memory(const TensorOp& op);

}  // namespace aotgemm::ptx_machine
