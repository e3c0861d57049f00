// Branches, the end of a thread, programmatic dependent launch, and hints that change no result.
#include "ptx_machine/async/bulk_copy.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/divergence.hpp"
#include "ptx_machine/machine/machine.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

void branch(Warp& warp, const Instruction& i) {
    const std::uint32_t taken = warp.active(i);
    if (taken == 0) return;
    if (taken == warp.mask) {
        warp.pc = i.target;
        return;
    }
    diverge(warp, i, taken);
}

void finish(Warp& warp, const Instruction& i) { exit_lanes(warp, warp.active(i)); }

void wait_for_prerequisites(Warp& warp, const Instruction& i) {
    if (warp.check != nullptr && warp.active(i) != 0) warp.check->prerequisites_are_over(warp);
}

void launch_dependents(Warp& warp, const Instruction& i) {
    if (warp.check != nullptr && warp.active(i) != 0) warp.check->launch_dependents(warp);
}

void trap(Warp& warp, const Instruction& i) {
    if (warp.active(i) != 0)
        stop(warp, "trap", "the kernel stops itself", "Look for the condition that it checks before.");
}

void fail_assertion(Warp& warp, const Instruction& i) {
    if (warp.active(i) != 0) stop(warp, "trap", "an assertion of the kernel fails", "Look for the condition before it.");
}

void do_nothing(Warp&, const Instruction&) {}

void create_policy(Warp& warp, const Instruction& i) {
    auto* to = warp.lanes<std::uint64_t>(i.to);
    const std::uint32_t active = warp.active(i);
    for_each_lane(active, [&](int lane) { to[lane] = kEvictFirstPolicy; });
    warp.define(i.to, active, active);
}

void prefetch_map(Warp& warp, const Instruction& i) {
    for_each_lane(warp.active(i), [&](int lane) { tensor_map_at(warp, warp.lanes<std::uint64_t>(i.a)[lane]); });
}

void decode_nothing(Decoder& decoder, const Statement& statement, Instruction&) { decoder.count(statement, 0); }

}  // namespace

void add_control_opcodes(OpcodeTable& table) {
    for (const char* name : {"bra", "bra.uni"}) table[name] = {"", branch, decode_nothing, false};
    for (const char* name : {"ret", "exit"}) table[name] = {"", finish, decode_nothing, false};
    for (const char* name : {"trap", "brkpt"}) table[name] = {"", trap, decode_nothing, false};
    table["call.uni"] = {"", fail_assertion,
                         [](Decoder& decoder, const Statement& statement, Instruction&) {
                             if (statement.operands.at(0).name != "__assertfail")
                                 decoder.fail("the machine knows no function '" + statement.operands[0].name + "'");
                         },
                         false};
    // Arguments of a call.
    for (const char* name : {"st.param.b32", "st.param.b64"})
        table[name] = {"", do_nothing, [](Decoder& d, const Statement& s, Instruction&) { d.count(s, 2); }, false};
    table["griddepcontrol.wait"] = {"", wait_for_prerequisites, decode_nothing, false};
    table["griddepcontrol.launch_dependents"] = {"", launch_dependents, decode_nothing, false};
    table["createpolicy.fractional.L2::evict_first.b64"] = {
        "", create_policy,
        [](Decoder& decoder, const Statement& statement, Instruction& out) {
            decoder.count(statement, 2);
            out.to = decoder.destination(statement.operands[0], RegisterType::bits64);
        },
        false};
    table["prefetch.global.L2"] = {"", do_nothing,  // it changes no value, at any address
                                   [](Decoder& decoder, const Statement& statement, Instruction& out) {
                                       decoder.count(statement, 1);
                                       out.a = decoder.address(statement.operands[0], out);
                                   },
                                   false};
    table["prefetch.tensormap"] = {"", prefetch_map,
                                   [](Decoder& decoder, const Statement& statement, Instruction& out) {
                                       decoder.count(statement, 1);
                                       out.a = decoder.address(statement.operands[0], out);
                                   },
                                   false};
}

}  // namespace aotgemm::ptx_machine
