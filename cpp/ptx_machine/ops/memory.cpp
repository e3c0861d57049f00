// ld and st of parameters, shared and global memory, and atom on shared memory.
#include <cstring>

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/sync.hpp"
#include "ptx_machine/ops/lanewise.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

enum class Space { parameter, shared, global };

// Of shared memory the offset in the block's own.
template <Space kSpace>
std::uint64_t address_of(Warp& warp, const Place& base, int lane, std::int64_t offset) {
    if (kSpace == Space::shared) return own_shared_offset(warp, shared_address(warp, base, lane, offset));
    if (base.type == RegisterType::bits64)
        return warp.lanes<std::uint64_t>(base)[lane] + static_cast<std::uint64_t>(offset);
    return static_cast<std::uint32_t>(warp.lanes<std::uint32_t>(base)[lane] + static_cast<std::uint32_t>(offset));
}

void want_defined_address(Warp& warp, const Place& base, std::uint32_t active) {
    if (warp.check == nullptr || (active & ~warp.defined[base.shadow]) == 0) return;
    report(warp, "uninitialised", "an address depends on a value that nothing has written",
           "Initialise the value, or do not let it decide where memory is touched.");
}

[[noreturn, gnu::cold]] void stop_at_bounds(Warp& warp, Space space, std::uint64_t address, std::uint32_t bytes) {
    const std::string at = "address " + std::to_string(address);
    if (address % bytes != 0)
        stop(warp, "bounds", at + " is no multiple of the " + std::to_string(bytes) + " bytes accessed",
             "Align the address.");
    if (space == Space::parameter)
        stop(warp, "bounds", "a parameter is read past the end of the parameters", "Check the offset.");
    const std::string end = std::to_string(warp.block->shared.size());
    stop(warp, "bounds", at + " in shared memory is outside the block's, which ends at " + end,
         "Check the offset, and the bytes of dynamic shared memory at the launch.");
}

// Memory that the lane may touch; stops the grid otherwise. bytes are aligned as the hardware wants them.
template <Space kSpace>
[[gnu::always_inline]] inline std::uint8_t* resolve(Warp& warp, std::uint64_t address, std::uint32_t bytes) {
    const bool is_aligned = (address & (bytes - 1)) == 0;
    if constexpr (kSpace == Space::global) {
        if (!is_aligned) stop_at_bounds(warp, kSpace, address, bytes);
        return reinterpret_cast<std::uint8_t*>(address);
    } else if constexpr (kSpace == Space::parameter) {
        if (!is_aligned || address + bytes > warp.program->parameter_bytes)
            stop_at_bounds(warp, kSpace, address, bytes);
        return machine_of(warp).parameter_bytes() + address;
    } else {
        std::vector<std::uint8_t>& shared = warp.block->shared;
        if (!is_aligned || address < kSharedBase || address + bytes > shared.size())
            stop_at_bounds(warp, kSpace, address, bytes);
        return shared.data() + address;
    }
}

// An element goes to a register as wide or wider, zero-extended, or sign-extended if its type is signed.
template <class Element>
void put(Warp& warp, const Place& place, int lane, const std::uint8_t* from) {
    Element element;
    std::memcpy(&element, from, sizeof(Element));
    if (place.type == RegisterType::bits64) warp.lanes<std::uint64_t>(place)[lane] = static_cast<std::uint64_t>(element);
    else warp.lanes<std::uint32_t>(place)[lane] = static_cast<std::uint32_t>(element);
}

template <class Element>
void get(Warp& warp, const Place& place, int lane, std::uint8_t* to) {
    const auto element = place.type == RegisterType::bits64
                             ? static_cast<Element>(warp.lanes<std::uint64_t>(place)[lane])
                             : static_cast<Element>(warp.lanes<std::uint32_t>(place)[lane]);
    std::memcpy(to, &element, sizeof(Element));
}

// Whether the lanes touch one range of memory, each its part in order.
bool is_one_range(Warp& warp, const Instruction& i, std::uint32_t active, std::uint32_t bytes) {
    if (active != ~0u) return false;
    const auto* at = warp.lanes<std::uint64_t>(i.a);
    bool in_order = true;
    for (int lane = 1; lane < kLanes; ++lane) in_order &= at[lane] == at[0] + static_cast<std::uint32_t>(lane) * bytes;
    return in_order;
}

void want_global(Warp& warp, std::uint64_t address, std::uint32_t bytes, bool is_write) {
    if (!warp.check->global_access(warp, warp.current(), address, bytes, is_write)) throw GridStopped();
}

void check_global_load(Warp& warp, const Instruction& i, std::uint32_t active, std::uint32_t element) {
    const std::vector<Place>& list = i.details->list;
    const auto bytes = static_cast<std::uint32_t>(element * list.size());
    if (is_one_range(warp, i, active, bytes)) {
        const std::uint64_t first = address_of<Space::global>(warp, i.a, 0, i.value);
        want_global(warp, first, kLanes * bytes, false);
        if (warp.check->global_is_defined(warp, first, kLanes * bytes)) {
            for (const Place& place : list) warp.define(place, active, active);
            return;
        }
    }
    for_each_lane(active, [&](int lane) {
        const std::uint64_t address = address_of<Space::global>(warp, i.a, lane, i.value);
        want_global(warp, address, bytes, false);
        for (std::size_t j = 0; j < list.size(); ++j) {
            const bool is_defined = warp.check->global_is_defined(warp, address + j * element, element);
            warp.define(list[j], 1u << lane, is_defined ? ~0u : 0);
        }
    });
}

void check_shared_load(Warp& warp, const Instruction& i, std::uint32_t active, std::uint32_t element) {
    const std::vector<Place>& list = i.details->list;
    for_each_lane(active, [&](int lane) {
        const auto address = static_cast<std::uint32_t>(address_of<Space::shared>(warp, i.a, lane, i.value));
        warp.check->shared_load(warp, address, static_cast<std::uint32_t>(element * list.size()), lane);
        for (std::size_t j = 0; j < list.size(); ++j) {
            const auto at = static_cast<std::uint32_t>(address + j * element);
            const bool is_defined = warp.check->shared_is_defined(*warp.block, at, element);
            warp.define(list[j], 1u << lane, is_defined ? ~0u : 0);
        }
    });
}

// After the lanes have loaded, so that every address is known to be inside its space.
template <Space kSpace>
void check_load(Warp& warp, const Instruction& i, std::uint32_t active, std::uint32_t element) {
    if constexpr (kSpace == Space::global) check_global_load(warp, i, active, element);
    else if constexpr (kSpace == Space::shared) check_shared_load(warp, i, active, element);
    else
        for (const Place& place : i.details->list) warp.define(place, active, active);
}

template <Space kSpace, class Element>
void load(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    want_defined_address(warp, i.a, active);
    const std::vector<Place>& list = i.details->list;
    const auto bytes = static_cast<std::uint32_t>(sizeof(Element) * list.size());
    // Memory that is not there must not be read; a register of the address may be among those that are written.
    std::uint8_t values[kLanes][16];
    if (kSpace == Space::global && warp.check != nullptr) check_load<kSpace>(warp, i, active, sizeof(Element));
    for_each_lane(active, [&](int lane) {
        std::memcpy(values[lane], resolve<kSpace>(warp, address_of<kSpace>(warp, i.a, lane, i.value), bytes), bytes);
    });
    if (kSpace != Space::global && warp.check != nullptr) check_load<kSpace>(warp, i, active, sizeof(Element));
    for (std::size_t j = 0; j < list.size(); ++j)
        for_each_lane(active, [&](int lane) { put<Element>(warp, list[j], lane, values[lane] + j * sizeof(Element)); });
}

void check_global_store(Warp& warp, const Instruction& i, std::uint32_t active, std::uint32_t bytes) {
    std::uint32_t defined = ~0u;
    for (const Place& place : i.details->list) defined &= warp.defined[place.shadow];
    if ((active & ~defined) != 0)
        report(warp, "uninitialised", "a value that nothing has written goes to global memory",
               "Initialise what it is computed from.");
    const bool as_one = is_one_range(warp, i, active, bytes);
    for_each_lane(as_one ? 1u : active, [&](int lane) {
        const std::uint64_t address = address_of<Space::global>(warp, i.a, lane, i.value);
        const std::uint32_t size = as_one ? kLanes * bytes : bytes;
        want_global(warp, address, size, true);
        warp.check->global_define(warp, address, size, true);  // what is not has been told
    });
}

// Of a vector each element is defined or not by itself.
void check_shared_store(Warp& warp, const Instruction& i, std::uint32_t active, std::uint32_t bytes) {
    const std::vector<Place>& list = i.details->list;
    const auto element = static_cast<std::uint32_t>(bytes / list.size());
    std::uint32_t defined = ~0u;
    for (const Place& place : list) defined &= warp.defined[place.shadow];
    for_each_lane(active, [&](int lane) {
        const auto address = static_cast<std::uint32_t>(address_of<Space::shared>(warp, i.a, lane, i.value));
        if (defined >> lane & 1) return warp.check->shared_store(warp, address, bytes, lane, true);
        for (std::uint32_t j = 0; j < list.size(); ++j)
            warp.check->shared_store(warp, address + j * element, element, lane,
                                     (warp.defined[list[j].shadow] >> lane & 1) != 0);
    });
}

template <Space kSpace, class Element>
void store(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    want_defined_address(warp, i.a, active);
    const std::vector<Place>& list = i.details->list;
    const auto bytes = static_cast<std::uint32_t>(sizeof(Element) * list.size());
    if (kSpace == Space::global && warp.check != nullptr) check_global_store(warp, i, active, bytes);
    for_each_lane(active, [&](int lane) {
        std::uint8_t* to = resolve<kSpace>(warp, address_of<kSpace>(warp, i.a, lane, i.value), bytes);
        for (std::size_t j = 0; j < list.size(); ++j) get<Element>(warp, list[j], lane, to + j * sizeof(Element));
    });
    if (kSpace == Space::shared && warp.check != nullptr) check_shared_store(warp, i, active, bytes);
}

// Lanes one after another; the order of atomics on one address is not defined.
void atomic_max_shared(Warp& warp, const Instruction& i) {
    const std::uint32_t active = warp.active(i);
    for_each_lane(active, [&](int lane) {
        const std::uint64_t address = address_of<Space::shared>(warp, i.a, lane, i.value);
        std::uint8_t* at = resolve<Space::shared>(warp, address, 4);
        if (warp.check != nullptr) {
            if (!warp.check->shared_is_defined(*warp.block, static_cast<std::uint32_t>(address), 4))
                report(warp, "uninitialised", "an atomic changes shared memory that nothing has written",
                       "Initialise it.");
            warp.check->shared_store(warp, static_cast<std::uint32_t>(address), 4, lane, true, true);
        }
        std::uint32_t old;
        std::memcpy(&old, at, 4);
        const std::uint32_t value = std::max(old, warp.lanes<std::uint32_t>(i.b)[lane]);
        std::memcpy(at, &value, 4);
        warp.lanes<std::uint32_t>(i.to)[lane] = old;
    });
    warp.define(i.to, active, active);
}

void decode_atomic(Decoder& decoder, const Statement& statement, Instruction& out) {
    decoder.count(statement, 3);
    out.to = decoder.destination(statement.operands[0], RegisterType::bits32);
    out.a = decoder.address(statement.operands[1], out);
    out.b = decoder.source(statement.operands[2], RegisterType::bits32);
}

RegisterType type_of_bytes(std::size_t bytes) {
    return bytes == 8 ? RegisterType::bits64 : bytes == 4 ? RegisterType::bits32 : RegisterType::bits16;
}

// Registers may be wider than what is loaded or stored. Loads fill them up with zeros, or with the sign.
template <class Element>
void decode_elements(Decoder& decoder, const Operand& operand, std::size_t count, bool is_load, Instruction& out) {
    std::vector<Operand> elements =
        operand.kind == Operand::Kind::vector ? operand.parts : std::vector<Operand>{operand};
    if (elements.size() != count) decoder.fail("the vector has another length");
    Details& details = decoder.add_details(out);
    for (const Operand& element : elements) {
        const bool is_register = element.kind == Operand::Kind::reg;
        if (!is_register && is_load) decoder.fail("an operand is not a register");
        const Place place =
            is_register ? decoder.any_register(element) : decoder.source(element, type_of_bytes(sizeof(Element)));
        const std::size_t bytes = place.type == RegisterType::bits64 ? 8 : place.type == RegisterType::bits32 ? 4 : 2;
        const bool fits = place.type != RegisterType::predicate && bytes >= sizeof(Element);
        if (!fits) decoder.fail("a register of another width");
        details.list.push_back(place);
    }
}

// The base of an address in parameters or global memory is 64 bits wide, in shared memory 32 or 64.
void decode_address(Decoder& decoder, const Operand& operand, Space space, Instruction& out) {
    const Operand& base = operand.parts.at(0);
    out.a = base.kind == Operand::Kind::reg || space == Space::shared ? decoder.address(operand, out)
                                                                      : decoder.source(base, RegisterType::bits64);
    out.value = operand.value;
    if (out.a.type != RegisterType::bits64 && space != Space::shared) decoder.fail("an address of another width");
}

template <Space kSpace, class Element>
void add_accesses(OpcodeTable& table, const std::string& space, const std::string& type) {
    for (std::size_t count : {1, 2, 4}) {
        if (count * sizeof(Element) > 16) continue;
        const std::string vector = count == 1 ? "" : ".v" + std::to_string(count);
        const auto decode_load = [count](Decoder& decoder, const Statement& statement, Instruction& out) {
            decoder.count(statement, 2);
            decode_elements<Element>(decoder, statement.operands[0], count, true, out);
            decode_address(decoder, statement.operands[1], kSpace, out);
        };
        const auto decode_store = [count](Decoder& decoder, const Statement& statement, Instruction& out) {
            decoder.count(statement, 2);
            decode_elements<Element>(decoder, statement.operands[1], count, false, out);
            decode_address(decoder, statement.operands[0], kSpace, out);
        };
        table["ld." + space + vector + "." + type] = {"", load<kSpace, Element>, decode_load, false};
        if (kSpace == Space::global)
            table["ld.global.nc" + vector + "." + type] = {"", load<kSpace, Element>, decode_load, false};
        if (kSpace != Space::parameter)
            table["st." + space + vector + "." + type] = {"", store<kSpace, Element>, decode_store, false};
    }
}

template <Space kSpace>
void add_space(OpcodeTable& table, const std::string& space) {
    for (const char* type : {"u8", "b8"}) add_accesses<kSpace, std::uint8_t>(table, space, type);
    for (const char* type : {"u16", "b16"}) add_accesses<kSpace, std::uint16_t>(table, space, type);
    for (const char* type : {"u32", "b32", "f32"}) add_accesses<kSpace, std::uint32_t>(table, space, type);
    add_accesses<kSpace, std::int32_t>(table, space, "s32");
    for (const char* type : {"u64", "s64", "b64", "f64"}) add_accesses<kSpace, std::uint64_t>(table, space, type);
}

}  // namespace

void add_memory_opcodes(OpcodeTable& table) {
    add_space<Space::parameter>(table, "param");
    add_space<Space::shared>(table, "shared");
    add_space<Space::global>(table, "global");
    table["atom.shared.max.u32"] = {"", atomic_max_shared, decode_atomic, false};
}

}  // namespace aotgemm::ptx_machine
