// tcgen05.mma: what it touches when it is issued, and what it does.
#pragma once

#include "ptx_machine/async/mma_descriptor.hpp"
#include "ptx_machine/check/tensor_shadow.hpp"
#include "ptx_machine/machine/block.hpp"

namespace aotgemm::ptx_machine {

// The descriptor of an mma. Stops the grid if it is no legal one.
MmaDescriptor mma_descriptor_of(const TensorOp& op);

// Columns and lanes of the sums in one block of the pair; of A, where it is in tensor memory; of scales of A and of B.
TensorRegion region_of_sums(const TensorOp& op, const MmaDescriptor& descriptor);
TensorRegion region_of_a(const TensorOp& op, const MmaDescriptor& descriptor);
TensorRegion region_of_scales(const TensorOp& op, const MmaDescriptor& descriptor, bool of_b);

void multiply(const TensorOp& op);

}  // namespace aotgemm::ptx_machine
