// clusterlaunchcontrol: a running cluster takes the work of one that has not been launched; and what it was told, in
// registers of 128 bits.
#include <cstring>

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/sync.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

// An answer: the first block of the cluster that will not be launched, and whether there is one. How hardware writes it
// is not told.
struct Answer {
    std::uint32_t first[3], is_canceled;
};
constexpr std::uint32_t kAnswerBytes = 16;
static_assert(sizeof(Answer) == kAnswerBytes);

Answer cancel_next(Machine& machine) {
    if (machine.next_cluster >= machine.clusters()) return {};
    const auto [x, y, z] = machine.first_block(machine.next_cluster++);
    return {{x, y, z}, 1};
}

// The answer comes at once. It is written as a bulk copy writes, in each block that asks, and counts at its mbarrier.
void try_cancel(Warp& warp, const Instruction& i) {
    const bool is_multicast = i.details->is_multicast;
    for_each_lane(warp.active(i), [&](int lane) {
        BulkCopy copy;
        copy.instruction = &i;
        copy.issuer = &warp;
        copy.lane = lane;
        copy.shared = own_shared_offset(warp, shared_address(warp, i.a, lane, i.value));
        copy.barrier = own_shared_offset(warp, shared_address(warp, i.b, lane, 0));
        if (copy.shared % kAnswerBytes != 0 || copy.shared < kSharedBase ||
            copy.shared + kAnswerBytes > warp.block->shared.size())
            stop(warp, "bounds",
                 "an answer at " + std::to_string(copy.shared) + " is not 16 aligned bytes of the block's shared memory",
                 "Check the address.");
        if (warp.check != nullptr) {
            copy.clock = warp.check->clock(warp);
            copy.met = warp.check->met(warp);
            warp.check->step(warp);
        }
        const Answer answer = cancel_next(machine_of(warp));
        for (Block& block : warp.block->cluster->blocks) {
            if (!is_multicast && &block != warp.block) continue;
            Mbarrier& barrier = mbarrier_at(warp, i, {&block, copy.barrier}, true);
            std::memcpy(block.shared.data() + copy.shared, &answer, kAnswerBytes);
            if (warp.check != nullptr) warp.check->copy_writes_shared(copy, block, copy.shared, kAnswerBytes, true);
            bring_bytes(copy, block, barrier, kAnswerBytes);
        }
    });
}

Answer answer_of(Warp& warp, const Place& place, int lane) {
    Answer answer;
    std::memcpy(&answer, warp.lanes<Answer>(place) + lane, kAnswerBytes);
    return answer;
}

void load_answer(Warp& warp, const Instruction& i) {
    for_each_lane(warp.active(i), [&](int lane) {
        const std::uint32_t address = own_shared_offset(warp, shared_address(warp, i.a, lane, i.value));
        if (address % kAnswerBytes != 0 || address < kSharedBase || address + kAnswerBytes > warp.block->shared.size())
            stop(warp, "bounds", "16 bytes at " + std::to_string(address) + " are not aligned, or not in shared memory",
                 "Check the address.");
        std::memcpy(warp.lanes<Answer>(i.to) + lane, warp.block->shared.data() + address, kAnswerBytes);
        if (warp.check == nullptr) return;
        warp.check->shared_load(warp, address, kAnswerBytes, lane);
        const bool is_defined = warp.check->shared_is_defined(*warp.block, address, kAnswerBytes);
        warp.define(i.to, 1u << lane, is_defined ? ~0u : 0);
    });
}

void query_canceled(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    std::uint32_t canceled = 0;
    for_each_lane(active, [&](int lane) {
        if (answer_of(warp, i.a, lane).is_canceled != 0) canceled |= 1u << lane;
    });
    warp.set_predicate(i.to, active, canceled);
    warp.define(i.to, active, warp.defined[i.a.shadow]);
}

void query_first_block(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    for_each_lane(active, [&](int lane) {
        const Answer answer = answer_of(warp, i.a, lane);
        if (answer.is_canceled == 0)
            report(warp, "uninitialised", "the first block of a cluster is asked for, though none was canceled",
                   "Ask is_canceled first.");
        for (std::size_t d = 0; d < i.details->list.size(); ++d)
            warp.lanes<std::uint32_t>(i.details->list[d])[lane] = answer.first[d];
    });
    for (const Place& place : i.details->list) warp.define(place, active, warp.defined[i.a.shadow]);
}

void decode_first_block(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 2);
    const std::vector<Operand>& parts = statement.operands[0].parts;
    if (parts.size() != 4) decoder.fail("expected four registers");
    Details& details = decoder.add_details(out);
    for (std::size_t d = 0; d < 3; ++d)
        details.list.push_back(parts[d].kind == Operand::Kind::sink
                                   ? decoder.sink(RegisterType::bits32)
                                   : decoder.destination(parts[d], RegisterType::bits32));
    out.a = decoder.destination(statement.operands[1], RegisterType::bits128);
}

}  // namespace

void add_cluster_launch_opcodes(OpcodeTable& table) {
    for (const char* multicast : {"", ".multicast::cluster::all"}) {
        const bool is_multicast = *multicast != '\0';
        table[std::string("clusterlaunchcontrol.try_cancel.async.shared::cta.mbarrier::complete_tx::bytes") + multicast +
              ".b128"] = {"", try_cancel,
                          [=](Decoder& decoder, const Statement& statement, Instruction& out) {
                              decoder.count(statement, 2);
                              Instruction barrier;
                              out.b = decoder.address(statement.operands[1], barrier);
                              if (barrier.value != 0) decoder.fail("an offset of the barrier");
                              out.a = decoder.address(statement.operands[0], out);
                              decoder.add_details(out).is_multicast = is_multicast;
                          },
                          false};
    }
    table["ld.shared.b128"] = {"", load_answer,
                               [](Decoder& decoder, const Statement& statement, Instruction& out) {
                                   decoder.count(statement, 2);
                                   out.to = decoder.destination(statement.operands[0], RegisterType::bits128);
                                   out.a = decoder.address(statement.operands[1], out);
                               },
                               false};
    table["clusterlaunchcontrol.query_cancel.is_canceled.pred.b128"] = {
        "", query_canceled,
        [](Decoder& decoder, const Statement& statement, Instruction& out) {
            decoder.count(statement, 2);
            out.to = decoder.destination(statement.operands[0], RegisterType::predicate);
            out.a = decoder.destination(statement.operands[1], RegisterType::bits128);
        },
        false};
    table["clusterlaunchcontrol.query_cancel.get_first_ctaid.v4.b32.b128"] = {"", query_first_block, decode_first_block,
                                                                              false};
}

}  // namespace aotgemm::ptx_machine
