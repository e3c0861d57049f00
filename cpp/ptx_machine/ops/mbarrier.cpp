// mbarrier: init, arrive, expect_tx, waits by parity.
#include <algorithm>

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/draw.hpp"
#include "ptx_machine/machine/sync.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

std::uint32_t address_of(Warp& warp, const Instruction& i, int lane) {
    if (warp.check != nullptr && !(warp.defined[i.a.shadow] >> lane & 1))
        report(warp, "uninitialised", "an mbarrier's address depends on a value that nothing has written",
               "Initialise the value.");
    return shared_address(warp, i.a, lane, i.value);
}

void want_defined(Warp& warp, const Place& place, int lane, const char* what) {
    if (warp.check != nullptr && !(warp.defined[place.shadow] >> lane & 1))
        report(warp, "uninitialised", std::string(what) + " depends on a value that nothing has written",
               "Initialise the value.");
}

void initialise(Warp& warp, const Instruction& i) {
    for_each_lane(warp.active(i), [&](int lane) {
        Block& block = *warp.block;
        const std::uint32_t address = own_shared_offset(warp, address_of(warp, i, lane)),
                            count = warp.lanes<std::uint32_t>(i.b)[lane];
        if (address % 8 != 0 || address < kSharedBase || address + 8 > block.shared.size())
            stop(warp, "bounds",
                 "an mbarrier at " + std::to_string(address) + " is not 8 aligned bytes of the block's shared memory",
                 "Check the address.");
        if (count == 0 || count > kMostArrivals)
            stop(warp, "mbarrier", "an mbarrier for " + std::to_string(count) + " arrivals",
                 "1 to 2^20 - 1 are allowed.");
        Mbarrier* barrier = block.find_mbarrier(address);
        if (barrier != nullptr && barrier->valid)
            report(warp, "mbarrier", "the mbarrier at " + std::to_string(address) + " is initialised twice",
                   "Invalidate it first, or initialise it once.");
        if (barrier == nullptr) {
            if (block.mbarriers.size() == kMostMbarriers)
                stop(warp, "mbarrier", "the machine knows 80 mbarriers of a block", "Use fewer.");
            block.mbarrier_at[address / 8] = static_cast<std::int16_t>(block.mbarriers.size());
            barrier = &block.mbarriers.emplace_back();
            const auto index = static_cast<int>(block.rank * kMostMbarriers + block.mbarriers.size() - 1);
            barrier->component = warp.check == nullptr ? 0 : warp.check->layout().mbarrier(index);
        }
        barrier->address = address;
        barrier->expected = barrier->pending = count;
        barrier->first_phase = barrier->phase;
        barrier->valid = true;
        barrier->init_fenced = false;
        if (warp.check != nullptr) {
            warp.check->shared_store(warp, address, 8, lane, true);
            warp.check->mark_mbarrier(block, address, true);
        }
    });
}

// The memory may be used for something else, or for another mbarrier.
void invalidate(Warp& warp, const Instruction& i) {
    for_each_lane(warp.active(i), [&](int lane) {
        const SharedPlace place{warp.block, own_shared_offset(warp, address_of(warp, i, lane))};
        Mbarrier& barrier = mbarrier_at(warp, i, place, false);
        for (const Warp& other : warp.block->warps)
            if (other.waiting_for == &barrier)
                stop(warp, "mbarrier", "an mbarrier is invalidated that a warp waits for", "Invalidate it at the end.");
        barrier.valid = false;
        if (warp.check == nullptr) return;
        warp.check->mark_mbarrier(*warp.block, place.address, false);
        warp.check->shared_store(warp, place.address, 8, lane, false);
    });
}

void want_initialised(Warp& warp, const Instruction& i, const SharedPlace& place) {
    if (warp.check != nullptr) warp.check->want_mbarrier_known(warp, i, *place.block, place.address);
}

void arrive(Warp& warp, const Instruction& i) {
    for_each_lane(warp.active(i), [&](int lane) {
        const SharedPlace place = shared_place(warp, address_of(warp, i, lane));
        Mbarrier& barrier = mbarrier_at(warp, i, place, false);
        want_initialised(warp, i, place);
        if (warp.check != nullptr) warp.check->arrive(warp, *place.block, barrier);
        arrive_at(warp, *place.block, barrier);
    });
}

void arrive_and_expect(Warp& warp, const Instruction& i) {
    for_each_lane(warp.active(i), [&](int lane) {
        want_defined(warp, i.b, lane, "a number of bytes");
        const SharedPlace place = shared_place(warp, address_of(warp, i, lane));
        Mbarrier& barrier = mbarrier_at(warp, i, place, false);
        want_initialised(warp, i, place);
        announce_bytes(warp, barrier, warp.lanes<std::uint32_t>(i.b)[lane]);
        if (warp.check != nullptr) warp.check->arrive(warp, *place.block, barrier);
        arrive_at(warp, *place.block, barrier);
    });
}

void expect(Warp& warp, const Instruction& i) {
    for_each_lane(warp.active(i), [&](int lane) {
        want_defined(warp, i.b, lane, "a number of bytes");
        const SharedPlace place = shared_place(warp, address_of(warp, i, lane));
        Mbarrier& barrier = mbarrier_at(warp, i, place, false);
        want_initialised(warp, i, place);
        announce_bytes(warp, barrier, warp.lanes<std::uint32_t>(i.b)[lane]);
    });
}

void check_wait(Warp& warp, const Mbarrier& barrier) {
    const std::uint32_t known = warp.check->clock(warp).known[static_cast<std::size_t>(barrier.component)];
    const std::uint32_t seen = std::max(known, barrier.first_phase);
    if (barrier.phase >= seen + 2)
        report(warp, "mbarrier",
               "the mbarrier at " + std::to_string(barrier.address) + " is " + std::to_string(barrier.phase - seen) +
                   " phases ahead of what the warp has seen: parity cannot tell them apart",
               "Wait for every phase, and let the next one need an arrival of those who wait.");
    warp.check->wait_succeeded(warp, barrier);
}

// A failed try_wait parks the warp until the barrier's phase is over.
template <bool kBlocks>
void wait_parity(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    std::uint32_t over = 0;
    Mbarrier* not_over = nullptr;
    for_each_lane(active, [&](int lane) {
        want_defined(warp, i.b, lane, "a parity");
        const SharedPlace place = shared_place(warp, address_of(warp, i, lane));
        if (place.block != warp.block)
            stop(warp, "mbarrier", "a warp waits for an mbarrier of another block", "Only the block itself can wait.");
        Mbarrier& barrier = mbarrier_at(warp, i, place, false);
        want_initialised(warp, i, place);
        if (barrier.is_over(warp.lanes<std::uint32_t>(i.b)[lane])) {
            over |= 1u << lane;
            if (warp.check != nullptr) check_wait(warp, barrier);
            if (kBlocks && barrier.phase > 0)
                draw_wait(warp, barrier.over_at, "for the mbarrier at " + std::to_string(barrier.address));
        } else {
            not_over = &barrier;
        }
    });
    if (kBlocks && not_over != nullptr) {
        warp.state = WarpState::at_mbarrier;
        warp.waiting_for = not_over;
        --warp.pc;
        return;
    }
    warp.set_predicate(i.to, active, over);
    warp.define(i.to, active, active);
}

// A hint of how long to wait, in nanoseconds, may follow: the machine waits as long as it takes.
void decode_wait(Decoder& decoder, const Statement& statement, Instruction& out) {
    const bool has_hint = statement.operands.size() == 4;
    decoder.count(statement, has_hint ? 4 : 3);
    if (has_hint) decoder.source(statement.operands[3], RegisterType::bits32);
    out.to = decoder.destination(statement.operands[0], RegisterType::predicate);
    out.a = decoder.address(statement.operands[1], out);
    out.b = decoder.source(statement.operands[2], RegisterType::bits32);
}

void decode_init(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 2);
    out.a = decoder.address(statement.operands[0], out);
    out.b = decoder.source(statement.operands[1], RegisterType::bits32);
}

void decode_inval(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 1);
    out.a = decoder.address(statement.operands[0], out);
}

void decode_arrive(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 2);
    if (statement.operands[0].kind != Operand::Kind::sink)
        decoder.fail("the machine has no states of mbarriers: expected _");
    out.a = decoder.address(statement.operands[1], out);
}

void decode_expect(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 3);
    if (statement.operands[0].kind != Operand::Kind::sink)
        decoder.fail("the machine has no states of mbarriers: expected _");
    out.a = decoder.address(statement.operands[1], out);
    out.b = decoder.source(statement.operands[2], RegisterType::bits32);
}

}  // namespace

void add_mbarrier_opcodes(OpcodeTable& table) {
    table["mbarrier.init.shared::cta.b64"] = {"", initialise, decode_init, false};
    table["mbarrier.arrive.shared::cta.b64"] = {"", arrive, decode_arrive, false};
    table["mbarrier.arrive.shared::cluster.b64"] = {"", arrive, decode_arrive, false};
    table["mbarrier.expect_tx.shared::cta.b64"] = {"", expect, decode_init, false};
    for (const char* space : {"cta", "cluster"})
        table[std::string("mbarrier.arrive.expect_tx.shared::") + space + ".b64"] = {"", arrive_and_expect,
                                                                                     decode_expect, false};
    table["mbarrier.inval.shared::cta.b64"] = {"", invalidate, decode_inval, false};
    table["mbarrier.try_wait.parity.shared::cta.b64"] = {"", wait_parity<true>, decode_wait, false};
    table["mbarrier.test_wait.parity.shared::cta.b64"] = {"", wait_parity<false>, decode_wait, false};
}

}  // namespace aotgemm::ptx_machine
