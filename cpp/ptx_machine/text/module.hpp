// A PTX module as it was written: names resolved to registers and labels to statements, nothing interpreted.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace aotgemm::ptx_machine {

// What the machine cannot read or does not know; the message starts with the line of the PTX.
struct PtxError : std::runtime_error {
    PtxError(int line, const std::string& what)
        : std::runtime_error("PTX line " + std::to_string(line) + ": " + what) {}
};

enum class RegisterType : std::uint8_t { predicate, bits16, bits32, bits64, bits128 };

struct Operand {
    enum class Kind : std::uint8_t { reg, immediate, float_bits, address, vector, pair, sink, symbol, special };
    Kind kind = Kind::sink;
    bool negated = false;        // !p
    int reg = -1;                // index into Entry::registers
    std::int64_t value = 0;      // of an immediate; byte offset of an address
    std::string name;            // of a symbol or a special register
    std::vector<Operand> parts;  // of a vector or a pair; of an address its base, then a vector of coordinates
};

struct Statement {
    std::string opcode;  // with its modifiers
    std::vector<Operand> operands;
    int guard = -1;  // register, -1: none
    bool guard_negated = false;
    int target = -1;  // of a branch: index of a statement
    int line = 0;
    int source_file = 0, source_line = 0;  // of .loc, 0: none
};

struct Variable {  // in shared memory, or a parameter
    std::string name;
    std::uint32_t bytes = 0, alignment = 1;
    bool is_extern = false;  // dynamic shared memory
};

struct Entry {
    std::string name;
    std::vector<Variable> parameters;
    std::vector<RegisterType> registers;
    std::vector<std::string> register_names;
    std::vector<Variable> shared;
    std::vector<Statement> statements;
    std::uint32_t max_threads = 0;
};

struct Module {
    std::string version, target;
    std::vector<Variable> shared;
    std::vector<std::string> globals;  // names of variables in global memory, which the machine does not have
    std::vector<Entry> entries;
    std::vector<std::string> source_files;  // by number of .file
};

// Throws PtxError.
Module parse_module(const std::string& text);

}  // namespace aotgemm::ptx_machine
