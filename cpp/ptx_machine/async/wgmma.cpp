#include "ptx_machine/async/wgmma.hpp"

#include <algorithm>
#include <cstring>

#include "ptx_machine/async/wgmma_operand.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"
#include "ptx_machine/machine/processor_time.hpp"

namespace aotgemm::ptx_machine {
namespace {

// Which rows of A and of B have bytes that nothing has written.
struct Undefined {
    bool a[kWgmmaRows] = {}, b[kMostColumns] = {};
    bool any = false;
};

struct Execution {
    Block& block;
    int warpgroup;
    const WgmmaOp& op;
    std::uint32_t tick;
    Warp& first_warp() const { return block.warps[static_cast<std::size_t>(warpgroup * kWarpsOfWarpgroup)]; }
    Checker* check() const { return first_warp().check; }
    Machine& machine() const { return *block.cluster->machine; }
};

const std::uint8_t* operand_piece(const Execution& at, std::uint32_t address) {
    if (address < kSharedBase || address + 16 > at.block.shared.size())
        at.machine().stop(at.first_warp(), *at.op.instruction, "bounds", "a wgmma reads shared memory at " + std::to_string(address) + ", outside the block's",
                          "Check the descriptor's address, leading and stride offsets.");
    if (at.check() != nullptr) at.check()->wgmma_reads(at.block, at.op, at.warpgroup, at.tick, address, 16);
    return at.block.shared.data() + address;
}

void note_undefined(const Execution& at, std::uint32_t address, bool* rows, int row, int count, bool& any) {
    if (at.check() == nullptr || at.check()->shared_is_defined(at.block, address, 16)) return;
    any = true;
    std::fill_n(rows + row, count, true);
}

void read_operand(const Execution& at, std::uint64_t bits, bool is_mn_major, int rows, std::uint8_t (*to)[kStepBytes], bool* undefined, bool& any) {
    const SharedDescriptor descriptor(bits);
    if (descriptor.base_offset != 0)
        at.machine().stop(at.first_warp(), *at.op.instruction, "wgmma", "a descriptor has a base offset, which the machine does not know", "Align the tile to its swizzle pattern.");
    if (!is_mn_major) {
        for_each_k_major_piece(descriptor, rows, [&](std::uint32_t address, int row, int byte) {
            std::memcpy(to[row] + byte, operand_piece(at, address), 16);
            note_undefined(at, address, undefined, row, 1, any);
        });
        return;
    }
    for_each_mn_major_piece(descriptor, rows, [&](std::uint32_t address, int row, int k) {
        const std::uint8_t* piece = operand_piece(at, address);
        for (int r = 0; r < 8; ++r) std::memcpy(to[row + r] + 2 * k, piece + 2 * r, 2);
        note_undefined(at, address, undefined, row, 8, any);
    });
}

// Register j of a thread: row 16 * warp + thread / 4, + 8 for the upper pair of four; column 8 * (j / 4) + 2 * (thread % 4),
// + 1 for the second of a pair (PTX ISA, "Register fragments" of wgmma's D).
template <class Body>
void for_each_accumulator(const Execution& at, Body&& body) {
    const std::vector<Place>& list = at.op.instruction->details->list;
    for (int w = 0; w < kWarpsOfWarpgroup; ++w) {
        Warp& warp = at.block.warps[static_cast<std::size_t>(at.warpgroup * kWarpsOfWarpgroup + w)];
        for (std::size_t j = 0; j < list.size(); ++j) {
            float* lanes = warp.lanes<float>(list[j]);
            const int upper = static_cast<int>(j) / 2 % 2, column = static_cast<int>(j) / 4 * 8 + static_cast<int>(j) % 2;
            for (int lane = 0; lane < kLanes; ++lane) body(lanes[lane], 16 * w + lane / 4 + 8 * upper, column + 2 * (lane % 4));
        }
    }
}

void define_accumulators(const Execution& at, const Undefined& undefined) {
    const std::vector<Place>& list = at.op.instruction->details->list;
    for (int w = 0; w < kWarpsOfWarpgroup; ++w) {
        Warp& warp = at.block.warps[static_cast<std::size_t>(at.warpgroup * kWarpsOfWarpgroup + w)];
        for (std::size_t j = 0; j < list.size(); ++j) {
            std::uint32_t defined = at.op.accumulates ? warp.defined[list[j].shadow] : ~0u;
            const int upper = static_cast<int>(j) / 2 % 2, column = static_cast<int>(j) / 4 * 8 + static_cast<int>(j) % 2;
            for (int lane = 0; undefined.any && lane < kLanes; ++lane)
                if (undefined.a[16 * w + lane / 4 + 8 * upper] || undefined.b[column + 2 * (lane % 4)]) defined &= ~(1u << lane);
            warp.define(list[j], ~0u, defined);
        }
    }
}

void execute(const Execution& at) {
    thread_local const auto tile = std::make_unique<WgmmaTile>();
    const Details& details = *at.op.instruction->details;
    Undefined undefined;
    read_operand(at, at.op.a, details.a_mn_major, kWgmmaRows, tile->a, undefined.a, undefined.any);
    read_operand(at, at.op.b, details.b_mn_major, details.n, tile->b, undefined.b, undefined.any);
    for_each_accumulator(at, [&](float& value, int row, int column) { tile->d[row][column] = at.op.accumulates ? value : 0.0f; });
    const double start = processor_seconds();
    details.is_bf16 ? multiply_bf16(*tile, details.n) : multiply_e4m3(*tile, details.n);
    at.machine().counts.arithmetic_seconds += processor_seconds() - start;
    for_each_accumulator(at, [&](float& value, int row, int column) { value = tile->d[row][column]; });
    if (at.check() != nullptr) define_accumulators(at, undefined);
    ++at.machine().counts.wgmma;
}

// Executes the ops before `end` that all warps have issued.
void execute_until(Block& block, int number, std::uint32_t end) {
    Warpgroup& group = block.warpgroups[static_cast<std::size_t>(number)];
    while (group.executed < end && !group.ops.empty() && group.ops.front().issued == kWarpsOfWarpgroup) {
        execute({block, number, group.ops.front(), group.executed + 1});
        group.ops.pop_front();
        ++group.executed;
    }
}

void wake(Block& block, int number) {
    for (int w = 0; w < kWarpsOfWarpgroup; ++w) {
        Warp& warp = block.warps[static_cast<std::size_t>(number * kWarpsOfWarpgroup + w)];
        if (warp.state == WarpState::at_wgmma) warp.state = WarpState::runnable;
    }
}

// The op that the warp issues next; the first warp of the warpgroup makes it.
WgmmaOp& op_of(Warp& warp, Warpgroup& group, const WgmmaOp& made) {
    const std::uint32_t place = warp.wgmma_issued - group.executed;
    if (place == group.ops.size()) {
        group.ops.push_back(made);
        return group.ops.back();
    }
    WgmmaOp& op = group.ops[place];
    if (op.instruction != made.instruction || op.a != made.a || op.b != made.b || op.accumulates != made.accumulates)
        stop(warp, "wgmma", "the warps of a warpgroup issue different wgmma", "All four must run the same instruction with the same descriptors.");
    if (!op.clock.empty()) op.clock.meet(made.clock);
    return op;
}

}  // namespace

void issue_wgmma(Warp& warp, const Instruction& i) {
    const int number = warp.index / kWarpsOfWarpgroup;
    Warpgroup& group = warp.block->warpgroups[static_cast<std::size_t>(number)];
    WgmmaOp made;
    made.instruction = &i;
    made.a = warp.lanes<std::uint64_t>(i.a)[0];
    made.b = warp.lanes<std::uint64_t>(i.b)[0];
    made.accumulates = warp.predicate(i.c) & 1;
    if (warp.check != nullptr) made.clock = warp.check->clock(warp);
    ++op_of(warp, group, made).issued;
    ++warp.wgmma_issued;
    const AsyncTiming timing = machine_of(warp).options.schedule.timing;
    const bool is_now = timing == AsyncTiming::at_once || (timing == AsyncTiming::random && machine_of(warp).random() % 2 == 0);
    if (is_now) execute_until(*warp.block, number, warp.wgmma_issued);
    wake(*warp.block, number);
}

void commit_wgmma(Warp& warp) { warp.wgmma_groups.push_back(warp.wgmma_issued); }

bool wait_for_wgmma(Warp& warp, std::uint32_t pending) {
    const std::vector<std::uint32_t>& groups = warp.wgmma_groups;
    const std::uint32_t end = groups.size() > pending ? groups[groups.size() - 1 - pending] : 0;
    if (end <= warp.wgmma_done) return true;
    const int number = warp.index / kWarpsOfWarpgroup;
    execute_until(*warp.block, number, end);
    if (warp.block->warpgroups[static_cast<std::size_t>(number)].executed < end) {
        warp.state = WarpState::at_wgmma;
        return false;
    }
    warp.wgmma_done = end;
    if (warp.check != nullptr) warp.check->wgmma_is_done(warp);
    return true;
}

}  // namespace aotgemm::ptx_machine
