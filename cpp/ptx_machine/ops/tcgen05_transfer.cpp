// tcgen05.ld, st and wait.
#include <algorithm>

#include "ptx_machine/async/tensor_pipe.hpp"
#include "ptx_machine/async/tensor_transfer.hpp"
#include "ptx_machine/check/accumulators.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

std::uint32_t address_of(Warp& warp, const Instruction& i) {
    const auto* lanes = warp.lanes<std::uint32_t>(i.a);
    if (std::any_of(lanes, lanes + kLanes, [&](std::uint32_t value) { return value != lanes[0]; }))
        stop(warp, "tcgen05", "the lanes of a warp give different addresses in tensor memory",
             "Give the same address in all lanes.");
    if (warp.check != nullptr && warp.defined[i.a.shadow] != ~0u)
        report(warp, "uninitialised", "an address in tensor memory depends on a value that nothing has written",
               "Initialise the value.");
    return lanes[0] + static_cast<std::uint32_t>(i.value);
}

// At level public a load takes effect at once, since what uses its registers is kept after it.
bool is_now(const Warp& warp, bool is_load) {
    const Options& options = machine_of(warp).options;
    if (is_load && !options.strict) return true;
    return options.schedule.timing == AsyncTiming::at_once ||
           (options.schedule.timing == AsyncTiming::random && machine_of(warp).random() % 2 == 0);
}

void load(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    TensorTransfer load{&i, address_of(warp, i), false, {}, {}};
    const std::vector<TensorRegion> regions = regions_of_transfer(warp, i, load.address);
    if (warp.check != nullptr) {
        TensorChecker& check = warp.check->tensor();
        const auto tick = warp.loads_done + static_cast<std::uint32_t>(warp.tensor_loads.size()) + 1;
        for (const TensorRegion& region : regions) check.read(warp, *warp.block, region, check.access(warp, i, tick));
        if (machine_of(warp).options.strict) tensor_load_is_issued(warp, i);
    }
    load.is_done = is_now(warp, true);
    if (load.is_done) run_load(warp, load);
    warp.tensor_loads.push_back(std::move(load));
}

void store(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    TensorTransfer store = store_of(warp, i, address_of(warp, i));
    const std::vector<TensorRegion> regions = regions_of_transfer(warp, i, store.address);
    if (warp.check != nullptr) {
        TensorChecker& check = warp.check->tensor();
        const auto tick = warp.stores_done + static_cast<std::uint32_t>(warp.tensor_stores.size()) + 1;
        for (const TensorRegion& region : regions) check.write(warp, *warp.block, region, check.access(warp, i, tick));
    }
    store.is_done = is_now(warp, false);
    if (store.is_done) run_store(warp, store);
    warp.tensor_stores.push_back(std::move(store));
}

void wait_for_loads(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    for (const TensorTransfer& load : warp.tensor_loads) {
        if (!load.is_done) run_load(warp, load);
        if (warp.check != nullptr && machine_of(warp).options.strict) tensor_load_is_over(warp, *load.instruction);
    }
    warp.loads_done += static_cast<std::uint32_t>(warp.tensor_loads.size());
    warp.tensor_loads.clear();
    if (warp.check != nullptr) warp.check->tensor().loads_are_over(warp);
}

void wait_for_stores_to_tensor_memory(Warp& warp, const Instruction& i) {
    want_all_lanes(warp, i);
    for (const TensorTransfer& store : warp.tensor_stores)
        if (!store.is_done) run_store(warp, store);
    warp.stores_done += static_cast<std::uint32_t>(warp.tensor_stores.size());
    warp.tensor_stores.clear();
    if (warp.check != nullptr) warp.check->tensor().stores_are_over(warp);
}

void decode_registers(Decoder& decoder, const Operand& operand, bool is_load, Details& details) {
    const std::vector<Operand> parts =
        operand.kind == Operand::Kind::vector ? operand.parts : std::vector<Operand>{operand};
    if (static_cast<int>(parts.size()) != registers_of(details.tcgen05))
        decoder.fail("expected " + std::to_string(registers_of(details.tcgen05)) + " registers");
    for (const Operand& part : parts)
        details.list.push_back(is_load ? decoder.destination(part, RegisterType::bits32)
                                       : decoder.source(part, RegisterType::bits32));
}

// {registers}, [address] {, columns to the second half}, or for st [address] {, columns}, {registers}.
void decode_transfer(Decoder& decoder, const Statement& statement, Instruction& out, Tcgen05 how) {
    const bool is_load = how.action == TensorAction::load, has_second = how.shape == TensorShape::by16x32bx2;
    decoder.count(statement, has_second ? 3 : 2);
    const std::vector<Operand>& operands = statement.operands;
    const std::size_t address = is_load ? 1 : 0;
    out.a = decoder.address(operands[address], out);
    if (out.a.type != RegisterType::bits32) decoder.fail("an address of another width");
    if (has_second) how.second_column = static_cast<int>(decoder.immediate(operands[address + 1]));
    Details& details = decoder.add_details(out);
    details.tcgen05 = how;
    decode_registers(decoder, is_load ? operands.front() : operands.back(), is_load, details);
}

void add_shape(OpcodeTable& table, const std::string& name, TensorShape shape) {
    for (int repeats = 1; repeats <= unit_of(shape).most_repeats; repeats *= 2)
        for (const bool packs : {false, true})
            for (const bool is_load : {false, true}) {
                Tcgen05 how;
                how.action = is_load ? TensorAction::load : TensorAction::store;
                how.shape = shape;
                how.repeats = repeats;
                how.packs = packs;
                const std::string modifier = !packs ? "" : is_load ? ".pack::16b" : ".unpack::16b";
                const std::string opcode = std::string(is_load ? "tcgen05.ld" : "tcgen05.st") + ".sync.aligned." +
                                           name + ".x" + std::to_string(repeats) + modifier + ".b32";
                table[opcode] = {
                    "", is_load ? load : store,
                    [how](Decoder& d, const Statement& s, Instruction& out) { decode_transfer(d, s, out, how); },
                    false};
            }
}

}  // namespace

void add_tcgen05_transfer_opcodes(OpcodeTable& table) {
    add_shape(table, "32x32b", TensorShape::by32x32b);
    add_shape(table, "16x64b", TensorShape::by16x64b);
    add_shape(table, "16x128b", TensorShape::by16x128b);
    add_shape(table, "16x256b", TensorShape::by16x256b);
    add_shape(table, "16x32bx2", TensorShape::by16x32bx2);
    const auto decode_wait = [](Decoder& d, const Statement& s, Instruction& out) {
        d.count(s, 0);
        d.add_details(out).tcgen05.action = TensorAction::other;
    };
    table["tcgen05.wait::ld.sync.aligned"] = {"", wait_for_loads, decode_wait, false};
    table["tcgen05.wait::st.sync.aligned"] = {"", wait_for_stores_to_tensor_memory, decode_wait, false};
}

}  // namespace aotgemm::ptx_machine
