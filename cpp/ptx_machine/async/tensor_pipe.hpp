// The tensor core's queue: tcgen05.mma, cp and commit from their issue to their effect.
#pragma once

#include "ptx_machine/machine/block.hpp"

namespace aotgemm::ptx_machine {

// The block itself, or the two of its pair, the even one first. Stops the grid if there is no pair.
std::vector<Block*> blocks_of_group(const Warp& warp, const Instruction& i);

// Reports a kernel that uses both forms, for one block and for pairs, and peers that have exited.
void want_group(Warp& warp, const Instruction& i);

// What an operation says of its issuer; the rest is the instruction's.
TensorOp tensor_op_of(Warp& warp, const Instruction& i, int lane);

// Takes effect now or later, as the schedule says, but never before those issued earlier.
void issue_tensor_op(Warp& warp, TensorOp op);

// The first operation of a block's queue takes effect.
void take_tensor_effect(Block& block);

// A column of an address in tensor memory, and its lane.
inline std::uint32_t tensor_column(std::uint32_t address) { return address & 0xFFFF; }
inline std::uint32_t tensor_lane(std::uint32_t address) { return address >> 16; }

// Stops the grid if not all these columns are allocated.
void want_allocated(const Warp& warp, const Instruction& i, const Block& block, std::uint32_t first,
                    std::uint32_t columns);

}  // namespace aotgemm::ptx_machine
