// A kernel ready to run: every operand is a place in a warp's registers, every opcode a function.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ptx_machine/program/tcgen05.hpp"
#include "ptx_machine/text/module.hpp"

namespace aotgemm::ptx_machine {

struct Warp;
struct Instruction;
using Handler = void (*)(Warp&, const Instruction&);

inline constexpr int kLanes = 32;

// What a wgmma multiplies.
enum class WgmmaType : std::uint8_t { e4m3, bf16, tf32 };

// Operands beyond those of an Instruction.
struct Details {
    std::vector<Place> list;    // elements of a vector, accumulators, coordinates
    bool is_multicast = false;  // of a bulk load
    bool is_of_pair = false;    // of a bulk load: .cta_group::2
    int n = 0;                  // of wgmma: columns
    WgmmaType type = WgmmaType::e4m3;
    bool a_mn_major = false, b_mn_major = false;
    std::vector<Place> a_registers;  // of wgmma: its A, where that is not in shared memory
    Tcgen05 tcgen05;

    // Calls body(place) for the registers that a wgmma under way uses.
    template <class Body>
    void for_each_wgmma_register(Body&& body) const {
        for (const Place& place : list) body(place);
        for (const Place& place : a_registers) body(place);
    }
};

enum InstructionFlags : std::uint8_t {
    kPropagates = 1,          // its result is defined where its sources are; nothing else happens
    kTouchesAccumulators = 2  // reads or writes a register that a wgmma uses, or that a tcgen05.ld writes
};

struct Instruction {
    Handler run = nullptr;
    Place to, a, b, c;
    std::uint32_t guard = 0, guard_shadow = 0;  // predicate; 0: always
    std::uint32_t guard_flip = 0;               // all ones: the guard is negated
    std::uint32_t target = 0;                   // of a branch
    std::uint32_t join = 0;                     // of a branch: where its lanes meet again
    std::int64_t value = 0;
    const Details* details = nullptr;
    std::int32_t statement = -1;  // in Program::entry.statements; -1: made by the machine
    std::uint8_t flags = 0;
};

enum class SymbolSpace : std::uint8_t { shared, parameter, global };

struct Symbol {
    std::uint32_t address = 0;
    SymbolSpace space = SymbolSpace::shared;
};

struct Constant {
    Place place;
    std::uint64_t bits = 0;
    bool is_shared_address = false;  // the block's rank is added
};

struct Program {
    std::string kernel;
    Entry entry;
    std::vector<std::string> source_files;
    std::vector<Instruction> instructions;
    std::vector<std::unique_ptr<Details>> details;
    std::vector<Constant> constants;
    std::map<std::string, Symbol> symbols;
    std::uint32_t file_words = 0, predicate_count = 0, shadow_count = 0;
    std::uint32_t shared_dynamic = 0;
    std::uint32_t parameter_bytes = 0;
    bool uses_tensor_memory = false;

    int line_of(const Instruction& instruction) const {
        return instruction.statement < 0 ? 0 : entry.statements[static_cast<std::size_t>(instruction.statement)].line;
    }
};

// Shared memory starts here in a block's window: the first KiB is the system's on sm_90.
inline constexpr std::uint32_t kSharedBase = 1024;

// Decodes one kernel of a module. Throws PtxError for an opcode or an operand it does not know.
std::unique_ptr<Program> decode(const Module& module, const Entry& entry);

}  // namespace aotgemm::ptx_machine
