// From statements to instructions: registers and constants get places, symbols addresses.
#pragma once

#include <map>
#include <memory>
#include <tuple>

#include "ptx_machine/program/opcode_table.hpp"

namespace aotgemm::ptx_machine {

class Decoder {
   public:
    Decoder(const Module& module, const Entry& entry);
    std::unique_ptr<Program> run();

    // A register, or a constant of the type.
    Place source(const Operand& operand, RegisterType type);
    // A register of any type.
    Place any_register(const Operand& operand);
    Place destination(const Operand& operand, RegisterType type);
    Place constant(std::uint64_t bits, RegisterType type, bool is_shared_address = false);
    // A place for results that nobody reads.
    Place sink(RegisterType type) { return new_place(type); }
    // [register + offset] or [symbol + offset]: a place of the base, and the offset in `value`.
    Place address(const Operand& operand, Instruction& out);
    Details& add_details(Instruction& out);
    std::int64_t immediate(const Operand& operand);
    [[noreturn]] void fail(const std::string& what) const;
    void count(const Statement& statement, std::size_t operands) const;

   private:
    Place new_place(RegisterType type);
    void lay_out_shared();
    void lay_out_parameters();
    Instruction decode(const Statement& statement);
    void decode_operands(const Statement& statement, const std::string& letters, Instruction& out);

    const Module& module_;
    std::unique_ptr<Program> program_ = std::make_unique<Program>();
    std::vector<Place> registers_;
    std::map<std::tuple<RegisterType, std::uint64_t, bool>, Place> constants_;  // the last: an address in shared memory
    const Statement* current_ = nullptr;
};

// Fills in where diverged lanes meet again, inserting a join before such a statement.
void add_joins(Program& program);

// Marks instructions that touch registers which a wgmma uses.
void mark_accumulators(Program& program);

}  // namespace aotgemm::ptx_machine
