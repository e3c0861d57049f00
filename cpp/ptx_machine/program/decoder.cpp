#include "ptx_machine/program/decoder.hpp"

#include <algorithm>

namespace aotgemm::ptx_machine {
namespace {

RegisterType type_of(char letter) {
    switch (letter) {
        case 'p': return RegisterType::predicate;
        case 'h': return RegisterType::bits16;
        case 'w': return RegisterType::bits32;
        default: return RegisterType::bits64;
    }
}

std::uint32_t words_of(RegisterType type) {
    return type == RegisterType::bits128 ? 4 : type == RegisterType::bits64 ? 2 : 1;
}

std::uint32_t align(std::uint32_t value, std::uint32_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

OpcodeTable build_table() {
    OpcodeTable table;
    add_integer_opcodes(table);
    add_float_opcodes(table);
    add_comparison_opcodes(table);
    add_conversion_opcodes(table);
    add_move_opcodes(table);
    add_memory_opcodes(table);
    add_matrix_memory_opcodes(table);
    add_warp_opcodes(table);
    add_barrier_opcodes(table);
    add_mbarrier_opcodes(table);
    add_bulk_copy_opcodes(table);
    add_lane_copy_opcodes(table);
    add_wgmma_opcodes(table);
    add_tcgen05_allocation_opcodes(table);
    add_tcgen05_transfer_opcodes(table);
    add_tcgen05_multiply_opcodes(table);
    add_tcgen05_copy_commit_opcodes(table);
    add_control_opcodes(table);
    add_cluster_launch_opcodes(table);
    add_atomic_opcodes(table);
    return table;
}

}  // namespace

const OpcodeTable& opcode_table() {
    static const OpcodeTable table = build_table();
    return table;
}

Decoder::Decoder(const Module& module, const Entry& entry) : module_(module) {
    program_->kernel = entry.name;
    program_->entry = entry;
    program_->source_files = module.source_files;
    program_->predicate_count = 1;  // predicate 0 is true
    program_->shadow_count = 1;
    program_->constants.push_back({{0, 0, RegisterType::predicate}, ~0ull});
    constants_[{RegisterType::predicate, 1, false}] = program_->constants[0].place;
    for (const RegisterType type : entry.registers) registers_.push_back(new_place(type));
    lay_out_shared();
    lay_out_parameters();
    for (const std::string& name : module_.globals) program_->symbols[name] = {0, SymbolSpace::global};
}

void Decoder::lay_out_shared() {
    std::uint32_t end = kSharedBase, dynamic_alignment = 16;
    const auto place = [&](const Variable& variable) {
        if (variable.is_extern) {
            dynamic_alignment = std::max(dynamic_alignment, variable.alignment);
            return;
        }
        end = align(end, variable.alignment);
        program_->symbols[variable.name] = {end, SymbolSpace::shared};
        end += variable.bytes;
    };
    for (const Variable& variable : module_.shared) place(variable);
    for (const Variable& variable : program_->entry.shared) place(variable);
    program_->shared_dynamic = align(end, dynamic_alignment);
    for (const Variable& variable : module_.shared)
        if (variable.is_extern) program_->symbols[variable.name] = {program_->shared_dynamic, SymbolSpace::shared};
}

void Decoder::lay_out_parameters() {
    std::uint32_t end = 0;
    for (const Variable& variable : program_->entry.parameters) {
        end = align(end, variable.alignment);
        program_->symbols[variable.name] = {end, SymbolSpace::parameter};
        end += variable.bytes;
    }
    program_->parameter_bytes = end;
}

Place Decoder::new_place(RegisterType type) {
    Place place{0, program_->shadow_count, type};
    if (type == RegisterType::predicate) {
        place.word = program_->predicate_count++;
    } else {
        place.word = program_->file_words;
        program_->file_words += words_of(type) * kLanes;
    }
    ++program_->shadow_count;
    return place;
}

Place Decoder::constant(std::uint64_t bits, RegisterType type, bool is_shared_address) {
    if (type == RegisterType::predicate) bits = bits != 0;
    if (type == RegisterType::bits16) bits &= 0xFFFF;
    if (type == RegisterType::bits32) bits &= 0xFFFFFFFF;
    const auto [found, is_new] = constants_.try_emplace({type, bits, is_shared_address});
    if (is_new) {
        found->second = new_place(type);
        program_->constants.push_back({found->second, bits, is_shared_address});
    }
    return found->second;
}

Place Decoder::source(const Operand& operand, RegisterType type) {
    switch (operand.kind) {
        case Operand::Kind::reg: return destination(operand, type);
        case Operand::Kind::immediate:
        case Operand::Kind::float_bits: return constant(static_cast<std::uint64_t>(operand.value), type);
        case Operand::Kind::symbol: {
            const auto found = program_->symbols.find(operand.name);
            if (found == program_->symbols.end()) fail("no variable '" + operand.name + "'");
            return constant(found->second.address, type, found->second.space == SymbolSpace::shared);
        }
        default: fail("an operand is neither a register nor a constant");
    }
}

Place Decoder::any_register(const Operand& operand) {
    if (operand.kind != Operand::Kind::reg) fail("an operand is not a register");
    return registers_[static_cast<std::size_t>(operand.reg)];
}

Place Decoder::destination(const Operand& operand, RegisterType type) {
    if (operand.negated) fail("a negated operand");
    const Place place = any_register(operand);
    if (place.type != type)
        fail("register " + program_->entry.register_names[static_cast<std::size_t>(operand.reg)] +
             " has another width");
    return place;
}

Place Decoder::address(const Operand& operand, Instruction& out) {
    if (operand.kind != Operand::Kind::address) fail("an operand is not an address");
    out.value = operand.value;
    const Operand& base = operand.parts.at(0);
    if (base.kind == Operand::Kind::reg) return any_register(base);
    return source(base, RegisterType::bits32);
}

Details& Decoder::add_details(Instruction& out) {
    program_->details.push_back(std::make_unique<Details>());
    out.details = program_->details.back().get();
    return *program_->details.back();
}

std::int64_t Decoder::immediate(const Operand& operand) {
    if (operand.kind != Operand::Kind::immediate) fail("an operand is not a constant");
    return operand.value;
}

void Decoder::fail(const std::string& what) const {
    throw PtxError(current_->line, what + " in '" + current_->opcode + "'");
}

void Decoder::count(const Statement& statement, std::size_t operands) const {
    if (statement.operands.size() != operands)
        fail("expected " + std::to_string(operands) + " operands, found " + std::to_string(statement.operands.size()));
}

void Decoder::decode_operands(const Statement& statement, const std::string& letters, Instruction& out) {
    count(statement, letters.size());
    Place* const places[] = {&out.to, &out.a, &out.b, &out.c};
    for (std::size_t i = 0; i < letters.size(); ++i) {
        const Operand& operand = statement.operands[i];
        *places[i] = i == 0 ? destination(operand, type_of(letters[i])) : source(operand, type_of(letters[i]));
    }
}

Instruction Decoder::decode(const Statement& statement) {
    const auto found = opcode_table().find(statement.opcode);
    if (found == opcode_table().end()) throw PtxError(statement.line, "unknown instruction '" + statement.opcode + "'");
    const Opcode& opcode = found->second;
    Instruction out;
    out.run = opcode.run;
    if (opcode.propagates) out.flags |= kPropagates;
    if (statement.guard >= 0) {
        out.guard = registers_[static_cast<std::size_t>(statement.guard)].word;
        out.guard_shadow = registers_[static_cast<std::size_t>(statement.guard)].shadow;
        out.guard_flip = statement.guard_negated ? ~0u : 0;
    }
    if (opcode.decode) {
        opcode.decode(*this, statement, out);
    } else {
        decode_operands(statement, opcode.operands, out);
    }
    return out;
}

std::unique_ptr<Program> Decoder::run() {
    // An end that is not written: execution may not run past the last statement.
    auto& statements = program_->entry.statements;
    Statement end;
    end.opcode = "ret";
    if (!statements.empty()) end.line = statements.back().line;
    if (statements.empty() || statements.back().opcode != "ret" || statements.back().guard >= 0)
        statements.push_back(end);
    for (std::size_t i = 0; i < statements.size(); ++i) {
        current_ = &statements[i];
        Instruction out = decode(*current_);
        out.statement = static_cast<std::int32_t>(i);
        if (current_->target >= 0) out.target = static_cast<std::uint32_t>(current_->target);
        program_->instructions.push_back(out);
    }
    add_joins(*program_);
    mark_accumulators(*program_);
    return std::move(program_);
}

std::unique_ptr<Program> decode(const Module& module, const Entry& entry) { return Decoder(module, entry).run(); }

}  // namespace aotgemm::ptx_machine
