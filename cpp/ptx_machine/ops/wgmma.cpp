// wgmma: mma_async with both operands in shared memory, fence, commit_group, wait_group.
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
    for (const Place& place : {i.a, i.b}) {
        const auto* lanes = warp.lanes<std::uint64_t>(place);
        if (std::any_of(lanes, lanes + kLanes, [&](std::uint64_t value) { return value != lanes[0]; }))
            report(warp, "wgmma", "the lanes of a warp give different descriptors",
                   "Make the descriptor the same in all lanes.");
    }
    for (const Place& place : {i.a, i.b, i.c})
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

// {accumulators}, descriptor of A, descriptor of B, accumulate, 1, 1 {, A MN-major, B MN-major}
void decode_multiply(Decoder& decoder, const Statement& statement, Instruction& out, int n, bool is_bf16) {
    const std::vector<Operand>& operands = statement.operands;
    decoder.count(statement, is_bf16 ? 8 : 6);
    Details& details = decoder.add_details(out);
    details.n = n;
    details.is_bf16 = is_bf16;
    if (operands[0].parts.size() != static_cast<std::size_t>(n) / 2)
        decoder.fail("expected " + std::to_string(n / 2) + " accumulators");
    for (const Operand& part : operands[0].parts)
        details.list.push_back(decoder.destination(part, RegisterType::bits32));
    out.a = decoder.destination(operands[1], RegisterType::bits64);
    out.b = decoder.destination(operands[2], RegisterType::bits64);
    out.c = decoder.source(operands[3], RegisterType::predicate);
    if (decoder.immediate(operands[4]) != 1 || decoder.immediate(operands[5]) != 1)
        decoder.fail("the machine does not know negated operands");
    if (!is_bf16) return;
    details.a_mn_major = decoder.immediate(operands[6]) != 0;
    details.b_mn_major = decoder.immediate(operands[7]) != 0;
}

}  // namespace

void add_wgmma_opcodes(OpcodeTable& table) {
    for (int n = 8; n <= kMostColumns; n += 8) {
        const std::string shape = "wgmma.mma_async.sync.aligned.m64n" + std::to_string(n);
        table[shape + "k32.f32.e4m3.e4m3"] = {
            "", multiply,
            [n](Decoder& d, const Statement& s, Instruction& out) { decode_multiply(d, s, out, n, false); }, false};
        table[shape + "k16.f32.bf16.bf16"] = {
            "", multiply,
            [n](Decoder& d, const Statement& s, Instruction& out) { decode_multiply(d, s, out, n, true); }, false};
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
