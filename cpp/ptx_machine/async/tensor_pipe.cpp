#include "ptx_machine/async/tensor_pipe.hpp"

#include "ptx_machine/async/tensor_copy.hpp"
#include "ptx_machine/async/tensor_multiply.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/draw.hpp"
#include "ptx_machine/machine/sync.hpp"

namespace aotgemm::ptx_machine {

std::vector<Block*> blocks_of_group(const Warp& warp, const Instruction& i) {
    if (i.details->tcgen05.group == 1) return {warp.block};
    std::deque<Block>& blocks = warp.block->cluster->blocks;
    const std::uint32_t even = warp.block->rank & ~1u;
    if (even + 1 >= blocks.size())
        stop(warp, "tcgen05", "cta_group::2 is used by a block that has no pair",
             "Launch clusters of an even number of blocks.");
    return {&blocks[even], &blocks[even + 1]};
}

void want_group(Warp& warp, const Instruction& i) {
    const int group = i.details->tcgen05.group;
    for (Block* block : blocks_of_group(warp, i)) {
        if (block->tensor_group == 0) block->tensor_group = group;
        if (block->tensor_group != group)
            report(warp, "tcgen05", "a kernel uses cta_group::1 and cta_group::2",
                   "All tcgen05 instructions of a kernel must be for the same.");
        if (block->exited)
            report(warp, "exit", "the other block of a pair has exited",
                   "Keep both blocks alive until their last tcgen05 instruction is over.");
    }
}

TensorOp tensor_op_of(Warp& warp, const Instruction& i, int lane) {
    TensorOp op;
    op.instruction = &i;
    op.issuer = &warp;
    op.lane = lane;
    op.tick = ++warp.tensor_ticks;
    if (warp.check == nullptr) return op;
    op.clock = warp.check->clock(warp);
    op.met = warp.check->met(warp);
    warp.check->step(warp);
    return op;
}

void issue_tensor_op(Warp& warp, TensorOp op) {
    Block& owner = *blocks_of_group(warp, *op.instruction).front();
    const int columns = op.how().action == TensorAction::multiply ? mma_descriptor_of(op).n : 0;
    op.done_at = draw_mma(owner, op, columns);
    owner.tensor_ops.push_back(std::move(op));
    if (machine_of(warp).options.schedule.timing == AsyncTiming::at_once) take_tensor_effect(owner);
}

namespace {

void commit(const TensorOp& op) {
    Cluster& cluster = *op.issuer->block->cluster;
    for (Block& block : cluster.blocks) {
        if ((op.blocks >> block.rank & 1) == 0) continue;
        Mbarrier& barrier = mbarrier_at(*op.issuer, *op.instruction, {&block, op.barrier}, true);
        if (op.issuer->check != nullptr) op.issuer->check->commit_arrives(op, block, barrier);
        barrier.step = std::max(barrier.step, op.done_at);
        arrive_at(*op.issuer, *op.instruction, block, barrier);
    }
}

}  // namespace

void take_tensor_effect(Block& block) {
    const TensorOp op = std::move(block.tensor_ops.front());
    block.tensor_ops.pop_front();
    switch (op.how().action) {
        case TensorAction::multiply: return multiply(op);
        case TensorAction::copy: return copy_to_tensor_memory(op);
        default: return commit(op);
    }
}

void want_allocated(const Warp& warp, const Instruction& i, const Block& block, std::uint32_t first,
                    std::uint32_t columns) {
    if (block.tensor_memory->holds(first, columns)) return;
    machine_of(warp).stop(warp, i, "bounds",
                          "columns " + std::to_string(first) + " to " + std::to_string(first + columns - 1) +
                              " of tensor memory are not all allocated",
                          "Check the address, and the number of columns given to tcgen05.alloc.");
}

}  // namespace aotgemm::ptx_machine
