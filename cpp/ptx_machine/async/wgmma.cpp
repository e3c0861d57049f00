#include "ptx_machine/async/wgmma.hpp"

#include <algorithm>
#include <cstring>

#include "ptx_machine/async/wgmma_operand.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/draw.hpp"
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
        at.machine().stop(at.first_warp(), *at.op.instruction, "bounds",
                          "a wgmma reads shared memory at " + std::to_string(address) + ", outside the block's",
                          "Check the descriptor's address, leading and stride offsets.");
    if (at.check() != nullptr) at.check()->wgmma_reads(at.block, at.op, at.warpgroup, at.tick, address, 16);
    return at.block.shared.data() + address;
}

void note_undefined(const Execution& at, std::uint32_t address, bool* rows, int row, int count, bool& any) {
    if (at.check() == nullptr || at.check()->shared_is_defined(at.block, address, 16)) return;
    any = true;
    std::fill_n(rows + row, count, true);
}

void read_operand(const Execution& at, std::uint64_t bits, bool is_mn_major, int rows, std::uint8_t (*to)[kStepBytes],
                  bool* undefined, bool& any) {
    const SharedDescriptor descriptor(bits);
    if (descriptor.base_offset != 0)
        at.machine().stop(at.first_warp(), *at.op.instruction, "wgmma",
                          "a descriptor has a base offset, which the machine does not know",
                          "Align the tile to its swizzle pattern.");
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

// Of the four registers of A that a thread holds, number i has 4 bytes of K, from 4 * (thread % 4) + 16 * (i / 2) on, of
// row 16 * warp + thread / 4 + 8 * (i % 2), whatever the type (PTX ISA, "Register fragments" of wgmma's A).
void gather_a(const Execution& at, WgmmaTile& tile, Undefined& undefined) {
    const std::vector<Place>& list = at.op.instruction->details->a_registers;
    for (int w = 0; w < kWarpsOfWarpgroup; ++w) {
        Warp& warp = at.block.warps[static_cast<std::size_t>(at.warpgroup * kWarpsOfWarpgroup + w)];
        for (int i = 0; i < static_cast<int>(list.size()); ++i) {
            const Place& place = list[static_cast<std::size_t>(i)];
            const auto* from = warp.lanes<std::uint32_t>(place);
            for (int lane = 0; lane < kLanes; ++lane) {
                const int row = 16 * w + lane / 4 + 8 * (i % 2);
                std::memcpy(tile.a[row] + 4 * (lane % 4) + 16 * (i / 2), from + lane, 4);
                if (at.check() == nullptr || (warp.defined[place.shadow] >> lane & 1)) continue;
                undefined.any = undefined.a[row] = true;
            }
        }
    }
}

// Registers 4q to 4q + 3 of a thread hold columns 8q + 2 * (thread % 4) and the next of rows 16 * warp + thread / 4,
// then of that row + 8 (PTX ISA, "Register fragments" of wgmma's D). So a pair of registers is 8 rows of 8 columns.
template <class Body>
void for_each_register_pair(const Execution& at, Body&& body) {
    const std::vector<Place>& list = at.op.instruction->details->list;
    for (int w = 0; w < kWarpsOfWarpgroup; ++w) {
        Warp& warp = at.block.warps[static_cast<std::size_t>(at.warpgroup * kWarpsOfWarpgroup + w)];
        for (std::size_t j = 0; j < list.size(); j += 2)
            body(warp, list[j], list[j + 1], 16 * w + static_cast<int>(j) / 2 % 2 * 8, static_cast<int>(j) / 4 * 8);
    }
}

void gather(const Execution& at, WgmmaTile& tile) {
    for_each_register_pair(at, [&](Warp& warp, const Place& first, const Place& second, int row, int column) {
        const float* even = warp.lanes<float>(first);
        const float* odd = warp.lanes<float>(second);
        for (int r = 0; r < 8; ++r)
            for (int t = 0; t < 4; ++t) {
                tile.d[row + r][column + 2 * t] = even[4 * r + t];
                tile.d[row + r][column + 2 * t + 1] = odd[4 * r + t];
            }
    });
}

void scatter(const Execution& at, const WgmmaTile& tile) {
    for_each_register_pair(at, [&](Warp& warp, const Place& first, const Place& second, int row, int column) {
        float* even = warp.lanes<float>(first);
        float* odd = warp.lanes<float>(second);
        for (int r = 0; r < 8; ++r)
            for (int t = 0; t < 4; ++t) {
                even[4 * r + t] = tile.d[row + r][column + 2 * t];
                odd[4 * r + t] = tile.d[row + r][column + 2 * t + 1];
            }
    });
}

// `kept`: what was in the accumulators before counts.
void define_accumulators(const Execution& at, const Undefined& undefined, bool kept) {
    for_each_register_pair(at, [&](Warp& warp, const Place& first, const Place& second, int row, int column) {
        for (int odd = 0; odd < 2; ++odd) {
            const Place& place = odd ? second : first;
            std::uint32_t defined = kept ? warp.defined[place.shadow] : ~0u;
            for (int lane = 0; undefined.any && lane < kLanes; ++lane)
                if (undefined.a[row + lane / 4] || undefined.b[column + 2 * (lane % 4) + odd]) defined &= ~(1u << lane);
            warp.define(place, ~0u, defined);
        }
    });
}

// Adds one op's products to the tile.
void multiply(const Execution& at, WgmmaTile& tile, Undefined& undefined, bool& kept) {
    const Details& details = *at.op.instruction->details;
    if (!at.op.accumulates) {
        std::memset(tile.d, 0, sizeof(tile.d));
        undefined = {};
        kept = false;
    }
    if (!details.a_registers.empty()) gather_a(at, tile, undefined);
    else read_operand(at, at.op.a, details.a_mn_major, kWgmmaRows, tile.a, undefined.a, undefined.any);
    read_operand(at, at.op.b, details.b_mn_major, details.n, tile.b, undefined.b, undefined.any);
    const double start = processor_seconds();
    switch (details.type) {
        case WgmmaType::e4m3: multiply_e4m3(tile, details.n); break;
        case WgmmaType::bf16: multiply_bf16(tile, details.n); break;
        case WgmmaType::tf32: multiply_tf32(tile, details.n); break;
    }
    at.machine().counts.arithmetic_seconds += processor_seconds() - start;
    ++at.machine().counts.wgmma;
}

bool same_accumulators(const Instruction& a, const Instruction& b) {
    const std::vector<Place>&first = a.details->list, &second = b.details->list;
    return first.size() == second.size() && first[0].word == second[0].word && first.back().word == second.back().word;
}

// Executes the ops before `end` that all warps have issued; accumulators stay in the tile from one op of a chain to the
// next.
void execute_until(Block& block, int number, std::uint32_t end) {
    thread_local const auto tile = std::make_unique<WgmmaTile>();
    Warpgroup& group = block.warpgroups[static_cast<std::size_t>(number)];
    const auto is_ready = [&] {
        return group.executed < end && !group.ops.empty() && group.ops.front().issued == kWarpsOfWarpgroup;
    };
    while (is_ready()) {
        const WgmmaOp first = group.ops.front();
        const Execution chain{block, number, first, 0};
        Undefined undefined;
        bool kept = true;
        if (first.accumulates) gather(chain, *tile);
        while (is_ready() && same_accumulators(*first.instruction, *group.ops.front().instruction)) {
            multiply({block, number, group.ops.front(), group.executed + 1}, *tile, undefined, kept);
            group.ops.pop_front();
            ++group.executed;
        }
        scatter(chain, *tile);
        if (chain.check() != nullptr) define_accumulators(chain, undefined, kept);
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
        stop(warp, "wgmma", "the warps of a warpgroup issue different wgmma",
             "All four must run the same instruction with the same descriptors.");
    if (!op.clock.empty()) op.clock.meet(made.clock);
    return op;
}

}  // namespace

void issue_wgmma(Warp& warp, const Instruction& i) {
    const int number = warp.index / kWarpsOfWarpgroup;
    Warpgroup& group = warp.block->warpgroups[static_cast<std::size_t>(number)];
    WgmmaOp made;
    made.instruction = &i;
    if (i.details->a_registers.empty()) made.a = warp.lanes<std::uint64_t>(i.a)[0];
    made.b = warp.lanes<std::uint64_t>(i.b)[0];
    made.accumulates = warp.predicate(i.c) & 1;
    if (warp.check != nullptr) made.clock = warp.check->clock(warp);
    WgmmaOp& op = op_of(warp, group, made);
    ++op.issued;
    ++warp.wgmma_issued;
    if (op.issued == kWarpsOfWarpgroup) draw_wgmma(*warp.block, number, i, warp.step);
    wake(*warp.block, number);
}

// A group executes as soon as its last warp commits it, at some time by chance, or when it is waited for.
void commit_wgmma(Warp& warp) {
    warp.wgmma_groups.push_back(warp.wgmma_issued);
    const AsyncTiming timing = machine_of(warp).options.schedule.timing;
    const bool is_now =
        timing == AsyncTiming::at_once || (timing == AsyncTiming::random && machine_of(warp).random() % 2 == 0);
    if (is_now) execute_until(*warp.block, warp.index / kWarpsOfWarpgroup, warp.wgmma_issued);
}

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
    draw_wgmma_wait(warp, end);
    if (warp.check != nullptr) warp.check->wgmma_is_done(warp);
    return true;
}

}  // namespace aotgemm::ptx_machine
