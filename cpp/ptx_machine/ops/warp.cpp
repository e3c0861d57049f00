// Exchange within a warp: shfl, vote, redux, elect, bar.warp.sync; and setmaxnreg.
#include <algorithm>
#include <cstring>

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

// Every lane that the mask names must be here.
void want_members(const Warp& warp, std::uint32_t members, std::uint32_t active) {
    if ((members & warp.living & ~active) == 0 && (active & ~members) == 0) return;
    report(warp, "partial-mask", "the lanes named by the member mask are not the lanes that run the instruction",
           "Let the named lanes, and no others, reach it together.");
}

enum class Shuffle { index, up, down, butterfly };

// PTX ISA, shfl.sync: c has the segment mask in bits 8 to 12 and the clamp in bits 0 to 4.
template <Shuffle kMode>
void shuffle(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    std::uint32_t values[kLanes], results[kLanes] = {}, in_range = 0, defined = 0;
    std::memcpy(values, warp.lanes<std::uint32_t>(i.a), sizeof(values));
    const auto* b = warp.lanes<std::uint32_t>(i.b);
    const auto* c = warp.lanes<std::uint32_t>(i.c);
    want_members(warp, warp.lanes<std::uint32_t>(i.details->list[1])[std::countr_zero(active | 1u << 31)], active);
    for_each_lane(active, [&](int lane) {
        const auto l = static_cast<std::uint32_t>(lane);
        const std::uint32_t by = b[lane] & 31, clamp = c[lane] & 31, segment = c[lane] >> 8 & 31;
        const std::uint32_t most = (l & segment) | (clamp & ~segment), least = l & segment;
        std::uint32_t from = 0;
        bool is_valid = false;
        switch (kMode) {
            case Shuffle::index:
                from = least | (by & ~segment);
                is_valid = from <= most;
                break;
            case Shuffle::up:
                from = l - by;
                is_valid = static_cast<std::int32_t>(from) >= static_cast<std::int32_t>(most);
                break;
            case Shuffle::down:
                from = l + by;
                is_valid = from <= most;
                break;
            case Shuffle::butterfly:
                from = l ^ by;
                is_valid = from <= most;
                break;
        }
        if (!is_valid) from = l;
        results[lane] = values[from];
        if (is_valid) in_range |= 1u << lane;
        if (warp.defined[i.a.shadow] >> from & 1) defined |= 1u << lane;
        if (!(active >> from & 1))
            report(warp, "partial-mask", "shfl reads a lane that does not take part", "Let that lane take part.");
    });
    auto* to = warp.lanes<std::uint32_t>(i.to);
    for_each_lane(active, [&](int lane) { to[lane] = results[lane]; });
    warp.define(i.to, active, defined);
    warp.set_predicate(i.details->list[0], active, in_range);
    warp.define(i.details->list[0], active, active);
}

void decode_shuffle(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 5);
    const Operand& to = statement.operands[0];
    const bool is_pair = to.kind == Operand::Kind::pair;
    out.to = decoder.destination(is_pair ? to.parts[0] : to, RegisterType::bits32);
    out.a = decoder.source(statement.operands[1], RegisterType::bits32);
    out.b = decoder.source(statement.operands[2], RegisterType::bits32);
    out.c = decoder.source(statement.operands[3], RegisterType::bits32);
    const Place valid =
        is_pair ? decoder.destination(to.parts[1], RegisterType::predicate) : decoder.sink(RegisterType::predicate);
    decoder.add_details(out).list = {valid, decoder.source(statement.operands[4], RegisterType::bits32)};
}

std::uint32_t first_of(Warp& warp, const Place& place, std::uint32_t active) {
    return warp.lanes<std::uint32_t>(place)[active == 0 ? 0 : std::countr_zero(active)];
}

// Whether what all lanes learn comes from values of theirs that are defined.
std::uint32_t all_defined(const Warp& warp, const Place& place, std::uint32_t active) {
    return (active & ~warp.defined[place.shadow]) == 0 ? active : 0;
}

void ballot(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    want_members(warp, first_of(warp, i.b, active), active);
    const std::uint32_t votes = warp.predicate(i.a) & active;
    auto* to = warp.lanes<std::uint32_t>(i.to);
    for_each_lane(active, [&](int lane) { to[lane] = votes; });
    warp.define(i.to, active, all_defined(warp, i.a, active));
}

template <bool kAll>
void vote(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    want_members(warp, first_of(warp, i.b, active), active);
    const std::uint32_t votes = warp.predicate(i.a) & active;
    warp.set_predicate(i.to, active, (kAll ? votes == active : votes != 0) ? ~0u : 0);
    warp.define(i.to, active, all_defined(warp, i.a, active));
}

void reduce_max(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    want_members(warp, first_of(warp, i.b, active), active);
    auto* to = warp.lanes<std::uint32_t>(i.to);
    const auto* a = warp.lanes<std::uint32_t>(i.a);
    std::uint32_t most = 0;
    for_each_lane(active, [&](int lane) { most = std::max(most, a[lane]); });
    for_each_lane(active, [&](int lane) { to[lane] = most; });
    warp.define(i.to, active, all_defined(warp, i.a, active));
}

// The lane of the least index; PTX leaves the choice open, but it is always the same.
void elect(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    want_members(warp, first_of(warp, i.a, active), active);
    const int leader = active == 0 ? 0 : std::countr_zero(active);
    auto* lane_of = warp.lanes<std::uint32_t>(i.details->list[0]);
    for_each_lane(active, [&](int lane) { lane_of[lane] = static_cast<std::uint32_t>(leader); });
    warp.define(i.details->list[0], active, active);
    warp.set_predicate(i.to, active, 1u << leader);
    warp.define(i.to, active, active);
}

void decode_elect(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 2);
    const Operand& to = statement.operands[0];
    if (to.kind != Operand::Kind::pair) decoder.fail("expected lane|predicate");
    const bool is_wanted = to.parts[0].kind == Operand::Kind::reg;
    const Place leader =
        is_wanted ? decoder.destination(to.parts[0], RegisterType::bits32) : decoder.sink(RegisterType::bits32);
    out.to = decoder.destination(to.parts[1], RegisterType::predicate);
    out.a = decoder.source(statement.operands[1], RegisterType::bits32);
    decoder.add_details(out).list = {leader};
}

void sync_warp(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    want_members(warp, first_of(warp, i.a, active), active);
    if (warp.check != nullptr) warp.check->lanes_meet(warp);
}

void decode_sync_warp(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 1);
    out.a = decoder.source(statement.operands[0], RegisterType::bits32);
}

// Registers of a thread at the launch: PTX does not say it, but ptxas gives a kernel that uses setmaxnreg all there are
// for one block of its threads on an SM, in steps of 8.
std::int64_t launch_registers(const Block& block) {
    constexpr std::int64_t kRegistersOfSm = 65536, kMost = 256, kStep = 8;
    return std::min(kRegistersOfSm / (static_cast<std::int64_t>(block.warps.size()) * kLanes), kMost) / kStep * kStep;
}

// What an inc takes must be given by decs of its own block: registers of the SM that no block was launched with are not
// to be had, and the inc waits for ever. Looked at when the block exits, for the order does not matter.
void set_registers(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    warp.block->registers_short += (i.value - launch_registers(*warp.block)) * kLanes;
}

void decode_set_registers(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 1);
    out.value = decoder.immediate(statement.operands[0]);
    if (out.value < 24 || out.value > 256 || out.value % 8 != 0) decoder.fail("no multiple of 8 from 24 to 256");
}

}  // namespace

void add_warp_opcodes(OpcodeTable& table) {
    table["shfl.sync.idx.b32"] = {"", shuffle<Shuffle::index>, decode_shuffle, false};
    table["shfl.sync.up.b32"] = {"", shuffle<Shuffle::up>, decode_shuffle, false};
    table["shfl.sync.down.b32"] = {"", shuffle<Shuffle::down>, decode_shuffle, false};
    table["shfl.sync.bfly.b32"] = {"", shuffle<Shuffle::butterfly>, decode_shuffle, false};
    table["vote.sync.ballot.b32"] = {"wpw", ballot, nullptr, false};
    table["vote.sync.all.pred"] = {"ppw", vote<true>, nullptr, false};
    table["vote.sync.any.pred"] = {"ppw", vote<false>, nullptr, false};
    table["redux.sync.max.u32"] = {"www", reduce_max, nullptr, false};
    table["elect.sync"] = {"", elect, decode_elect, false};
    table["bar.warp.sync"] = {"", sync_warp, decode_sync_warp, false};
    table["setmaxnreg.inc.sync.aligned.u32"] = {"", set_registers, decode_set_registers, false};
    table["setmaxnreg.dec.sync.aligned.u32"] = {"", set_registers, decode_set_registers, false};
}

}  // namespace aotgemm::ptx_machine
