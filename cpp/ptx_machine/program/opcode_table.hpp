// Opcodes by name. What an opcode's operands are is told by a letter each: destination first.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "ptx_machine/program/instruction.hpp"

namespace aotgemm::ptx_machine {

class Decoder;

struct Opcode {
    // p predicate, h 16 bits, w 32 bits, d 64 bits. "": `decode` reads the operands.
    std::string operands;
    Handler run = nullptr;
    // Reads operands that letters do not describe.
    std::function<void(Decoder&, const Statement&, Instruction&)> decode;
    bool propagates = false;
};

using OpcodeTable = std::unordered_map<std::string, Opcode>;

void add_integer_opcodes(OpcodeTable& table);
void add_float_opcodes(OpcodeTable& table);
void add_comparison_opcodes(OpcodeTable& table);
void add_conversion_opcodes(OpcodeTable& table);
void add_move_opcodes(OpcodeTable& table);
void add_memory_opcodes(OpcodeTable& table);
void add_matrix_memory_opcodes(OpcodeTable& table);
void add_warp_opcodes(OpcodeTable& table);
void add_barrier_opcodes(OpcodeTable& table);
void add_mbarrier_opcodes(OpcodeTable& table);
void add_bulk_copy_opcodes(OpcodeTable& table);
void add_lane_copy_opcodes(OpcodeTable& table);
void add_wgmma_opcodes(OpcodeTable& table);
void add_tcgen05_allocation_opcodes(OpcodeTable& table);
void add_tcgen05_transfer_opcodes(OpcodeTable& table);
void add_tcgen05_multiply_opcodes(OpcodeTable& table);
void add_tcgen05_copy_commit_opcodes(OpcodeTable& table);
void add_control_opcodes(OpcodeTable& table);
void add_cluster_launch_opcodes(OpcodeTable& table);
void add_atomic_opcodes(OpcodeTable& table);

const OpcodeTable& opcode_table();

}  // namespace aotgemm::ptx_machine
