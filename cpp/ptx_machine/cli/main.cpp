// aotgemm-ptx: reads PTX files, and counts their opcodes.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "ptx_machine/program/instruction.hpp"

using namespace aotgemm::ptx_machine;

int main(int count, char** arguments) {
    if (count < 3 || std::string(arguments[1]) != "opcodes") {
        std::fprintf(stderr, "usage: aotgemm-ptx opcodes FILE.ptx...\n");
        return 2;
    }
    std::map<std::string, std::uint64_t> opcodes;
    for (int i = 2; i < count; ++i) {
        std::ifstream file(arguments[i]);
        if (!file) {
            std::fprintf(stderr, "%s: cannot be read\n", arguments[i]);
            return 1;
        }
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        try {
            const Module module = parse_module(text);
            for (const Entry& entry : module.entries) {
                const auto program = decode(module, entry);
                for (const Statement& statement : program->entry.statements) ++opcodes[statement.opcode];
            }
        } catch (const PtxError& error) {
            std::fprintf(stderr, "%s: %s\n", arguments[i], error.what());
            return 1;
        }
    }
    for (const auto& [opcode, times] : opcodes) std::cout << times << '\t' << opcode << '\n';
}
