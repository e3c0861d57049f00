// cp.async of 4, 8 or 16 bytes and cp.async.mbarrier.arrive.noinc, for kernels of others. Groups of such copies
// (cp.async.commit_group) are unknown to the machine.
#include "ptx_machine/async/lane_copy.hpp"

#include <algorithm>

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/sync.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

void want_defined(Warp& warp, const Place& place, int lane) {
    if (warp.check != nullptr && !(warp.defined[place.shadow] >> lane & 1))
        report(warp, "uninitialised", "an operand of cp.async depends on a value that nothing has written",
               "Initialise the value.");
}

void want_place(Warp& warp, const LaneCopy& copy) {
    if (copy.shared % copy.bytes != 0 || copy.global % copy.bytes != 0)
        stop(warp, "bounds", "cp.async of " + std::to_string(copy.bytes) + " bytes is not aligned to them",
             "Align both addresses.");
    if (copy.shared < kSharedBase || copy.shared + copy.bytes > warp.block->shared.size())
        stop(warp, "bounds", "cp.async goes outside the block's shared memory",
             "Check the address, and the bytes of dynamic shared memory at the launch.");
}

void copy(Warp& warp, const Instruction& i) {
    const bool has_size = !i.details->list.empty();
    for_each_lane(warp.active(i), [&](int lane) {
        want_defined(warp, i.to, lane);
        want_defined(warp, i.a, lane);
        LaneCopy copy;
        copy.lane = lane;
        copy.bytes = static_cast<std::uint32_t>(i.details->n);
        copy.shared = own_shared_offset(warp, shared_address(warp, i.to, lane, i.value));
        copy.global = warp.lanes<std::uint64_t>(i.a)[lane];
        copy.bytes_read = copy.bytes;
        if (has_size) {
            want_defined(warp, i.details->list[0], lane);
            copy.bytes_read = warp.lanes<std::uint32_t>(i.details->list[0])[lane];
        }
        want_place(warp, copy);
        const std::uint32_t read = std::min(copy.bytes, copy.bytes_read);
        if (warp.check != nullptr && read != 0 && !warp.check->global_access(warp, i, copy.global, read, false))
            throw GridStopped();
        issue_lane_copy(warp, std::move(copy));
    });
    if (warp.check != nullptr) warp.check->step(warp);
}

void arrive(Warp& warp, const Instruction& i) {
    for_each_lane(warp.active(i), [&](int lane) {
        want_defined(warp, i.a, lane);
        const std::uint32_t address = own_shared_offset(warp, shared_address(warp, i.a, lane, i.value));
        mbarrier_at(warp, i, {warp.block, address}, false);
        if (warp.check != nullptr) warp.check->want_mbarrier_known(warp, i, *warp.block, address);
        issue_lane_arrival(warp, i, lane, address);
    });
    if (warp.check != nullptr) warp.check->step(warp);
}

// [shared], [global], bytes {, bytes that are read: zeros follow}
void decode_copy(Decoder& decoder, const Statement& statement, Instruction& out, bool is_whole) {
    const bool has_size = statement.operands.size() == 4;
    decoder.count(statement, has_size ? 4 : 3);
    Details& details = decoder.add_details(out);
    details.n = static_cast<int>(decoder.immediate(statement.operands[2]));
    const bool is_allowed = details.n == 16 || (!is_whole && (details.n == 4 || details.n == 8));
    if (!is_allowed) decoder.fail("a number of bytes that cp.async does not copy");
    if (has_size) details.list.push_back(decoder.source(statement.operands[3], RegisterType::bits32));
    Instruction from;
    out.a = decoder.address(statement.operands[1], from);
    if (from.value != 0 || out.a.type != RegisterType::bits64) decoder.fail("an offset, or an address of 32 bits");
    out.to = decoder.address(statement.operands[0], out);
}

}  // namespace

void add_lane_copy_opcodes(OpcodeTable& table) {
    for (const bool is_whole : {false, true})  // .cg: 16 bytes
        for (const char* space : {"shared", "shared::cta"})
            for (const char* prefetch : {"", ".L2::64B", ".L2::128B", ".L2::256B"}) {
                const std::string name =
                    std::string("cp.async.") + (is_whole ? "cg." : "ca.") + space + ".global" + prefetch;
                table[name] = {
                    "", copy,
                    [is_whole](Decoder& d, const Statement& s, Instruction& out) { decode_copy(d, s, out, is_whole); },
                    false};
            }
    const auto decode_arrive = [](Decoder& d, const Statement& s, Instruction& out) {
        d.count(s, 1);
        out.a = d.address(s.operands[0], out);
    };
    for (const char* space : {"", ".shared", ".shared::cta"})
        table[std::string("cp.async.mbarrier.arrive.noinc") + space + ".b64"] = {"", arrive, decode_arrive, false};
}

}  // namespace aotgemm::ptx_machine
