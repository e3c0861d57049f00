// atom on global memory: lanes one after another. In our own kernels two clusters that touch one place are a race, since
// nobody fixes their order; in kernels of others they are not.
#include <cstring>

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"
#include "ptx_machine/ops/extremes.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

constexpr std::uint32_t kBytes = 4;

struct Sum {
    static std::uint32_t of(std::uint32_t a, std::uint32_t b) { return a + b; }
};

void want_place(Warp& warp, std::uint64_t address) {
    if (address % kBytes != 0)
        stop(warp, "bounds", "address " + std::to_string(address) + " is no multiple of the 4 bytes accessed",
             "Align the address.");
    Machine& machine = machine_of(warp);
    const Allocation* allocation = machine.memory->find(address, kBytes);
    if (allocation == nullptr)
        stop(warp, "bounds", "an atomic changes global memory that is not allocated", "Check the address.");
    if (warp.check == nullptr) return;
    if (machine.options.strict) warp.check->global_access(warp, warp.current(), address, kBytes, true);
    if (!allocation->is_defined(address, kBytes))
        report(warp, "uninitialised", "an atomic changes global memory that nothing has written", "Initialise it.");
}

template <class T, class F>
void change(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    for_each_lane(active, [&](int lane) {
        const std::uint64_t address = warp.lanes<std::uint64_t>(i.a)[lane] + static_cast<std::uint64_t>(i.value);
        want_place(warp, address);
        auto* at = reinterpret_cast<std::uint8_t*>(address);
        T old;
        std::memcpy(&old, at, kBytes);
        const T value = F::of(old, warp.lanes<T>(i.b)[lane]);
        std::memcpy(at, &value, kBytes);
        warp.lanes<T>(i.to)[lane] = old;
    });
    warp.define(i.to, active, active);
}

void decode_atomic(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 3);
    out.a = decoder.address(statement.operands[1], out);
    if (out.a.type != RegisterType::bits64) decoder.fail("an address of another width");
    out.to = decoder.destination(statement.operands[0], RegisterType::bits32);
    out.b = decoder.source(statement.operands[2], RegisterType::bits32);
}

}  // namespace

void add_atomic_opcodes(OpcodeTable& table) {
    table["atom.global.min.u32"] = {"", change<std::uint32_t, Minimum>, decode_atomic, false};
    table["atom.global.max.u32"] = {"", change<std::uint32_t, Maximum>, decode_atomic, false};
    table["atom.global.min.s32"] = {"", change<std::int32_t, Minimum>, decode_atomic, false};
    table["atom.global.max.s32"] = {"", change<std::int32_t, Maximum>, decode_atomic, false};
    table["atom.global.add.u32"] = {"", change<std::uint32_t, Sum>, decode_atomic, false};
}

}  // namespace aotgemm::ptx_machine
