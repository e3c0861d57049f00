// wgmma: mma_async with A in shared memory or in registers, fence, commit_group, wait_group.
#include "ptx_machine/async/wgmma.hpp"

#include <algorithm>

#include "ptx_machine/async/tensor_core.hpp"
#include "ptx_machine/check/accumulators.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

// Descriptors and the predicate must be the same in all lanes, and come from values that something has written.
void want_uniform(Warp& warp, const Instruction& i) {
    const bool has_descriptor_of_a = i.details->a_registers.empty();
    for (const Place& place : {has_descriptor_of_a ? i.a : i.b, i.b}) {
        const auto* lanes = warp.lanes<std::uint64_t>(place);
        if (std::any_of(lanes, lanes + kLanes, [&](std::uint64_t value) { return value != lanes[0]; }))
            report(warp, "wgmma", "the lanes of a warp give different descriptors",
                   "Make the descriptor the same in all lanes.");
    }
    for (const Place& place : {has_descriptor_of_a ? i.a : i.b, i.b, i.c})
        if (warp.defined[place.shadow] != ~0u)
            report(warp, "uninitialised",
                   "a descriptor or the accumulation of a wgmma depends on a value that nothing has written",
                   "Initialise the value.");
}

void multiply(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    if (warp.check != nullptr) {
        want_uniform(warp, i);
        accumulators_are_issued(warp, i);
    }
    issue_wgmma(warp, i);
}

void fence(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    ++warp.wgmma_fences;
}

void commit(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    commit_wgmma(warp);
}

void wait(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    if (!wait_for_wgmma(warp, static_cast<std::uint32_t>(i.value))) --warp.pc;
    else if (warp.check != nullptr) accumulators_are_done(warp);
}

constexpr std::size_t kRegistersOfA = 4;

void decode_a(Decoder& decoder, const Operand& operand, Instruction& out, Details& details) {
    if (operand.kind != Operand::Kind::vector) {
        out.a = decoder.destination(operand, RegisterType::bits64);
        return;
    }
    if (operand.parts.size() != kRegistersOfA) decoder.fail("expected 4 registers of A");
    for (const Operand& part : operand.parts)
        details.a_registers.push_back(decoder.destination(part, RegisterType::bits32));
}

// {accumulators}, descriptor or {registers} of A, descriptor of B, accumulate, 1, 1, then of 16-bit types whether A (if
// it has a descriptor) and B are MN-major.
void decode_multiply(Decoder& decoder, const Statement& statement, Instruction& out, int n, WgmmaType type) {
    const std::vector<Operand>& operands = statement.operands;
    Details& details = decoder.add_details(out);
    details.n = n;
    details.type = type;
    const bool has_majors = type == WgmmaType::bf16, a_in_registers = operands.at(1).kind == Operand::Kind::vector;
    decoder.count(statement, !has_majors ? 6 : a_in_registers ? 7 : 8);
    if (operands[0].parts.size() != static_cast<std::size_t>(n) / 2)
        decoder.fail("expected " + std::to_string(n / 2) + " accumulators");
    for (const Operand& part : operands[0].parts)
        details.list.push_back(decoder.destination(part, RegisterType::bits32));
    decode_a(decoder, operands[1], out, details);
    out.b = decoder.destination(operands[2], RegisterType::bits64);
    out.c = decoder.source(operands[3], RegisterType::predicate);
    if (decoder.immediate(operands[4]) != 1 || decoder.immediate(operands[5]) != 1)
        decoder.fail("the machine does not know negated operands");
    if (!has_majors) return;
    if (!a_in_registers) details.a_mn_major = decoder.immediate(operands[6]) != 0;
    details.b_mn_major = decoder.immediate(operands.back()) != 0;
}

}  // namespace

void add_wgmma_opcodes(OpcodeTable& table) {
    for (int n = 8; n <= kMostColumns; n += 8) {
        const std::string shape = "wgmma.mma_async.sync.aligned.m64n" + std::to_string(n);
        const auto add = [&](const char* types, WgmmaType type) {
            const auto decode = [n, type](Decoder& d, const Statement& s, Instruction& out) {
                decode_multiply(d, s, out, n, type);
            };
            table[shape + types] = {"", multiply, decode, false};
        };
        add("k32.f32.e4m3.e4m3", WgmmaType::e4m3);
        add("k16.f32.bf16.bf16", WgmmaType::bf16);
        add("k8.f32.tf32.tf32", WgmmaType::tf32);
    }
    const auto decode_nothing = [](Decoder& d, const Statement& s, Instruction&) { d.count(s, 0); };
    table["wgmma.fence.sync.aligned"] = {"", fence, decode_nothing, false};
    table["wgmma.commit_group.sync.aligned"] = {"", commit, decode_nothing, false};
    table["wgmma.wait_group.sync.aligned"] = {"", wait,
                                              [](Decoder& d, const Statement& s, Instruction& out) {
                                                  d.count(s, 1);
                                                  out.value = d.immediate(s.operands[0]);
                                              },
                                              false};
}

}  // namespace aotgemm::ptx_machine
