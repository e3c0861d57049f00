// The instruction descriptor of tcgen05.mma (PTX ISA, "Instruction descriptor").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulation/sm100/mma.hpp"
#include "ptx_machine/program/tcgen05.hpp"

namespace aotgemm::ptx_machine {

inline constexpr int kMostMmaRows = 256, kMostMmaColumns = 256;

struct MmaDescriptor {
    int m = 0, n = 0;
    emulation::MmaType a{}, b{};
    bool a_mn_major = false, b_mn_major = false;
    int scale_a = 0, scale_b = 0;  // the first byte of each word of scales
    emulation::ScaleType scales{};
};

// "" and the descriptor, or what is wrong with it.
std::string read_mma_descriptor(std::uint32_t bits, const Tcgen05& how, MmaDescriptor& out);

// A part of D that lies in one piece in the tensor memory of one block.
struct MmaPart {
    int block;  // of the pair
    int row, rows, column, columns;
    int lane;  // of `row`, from the lane of D's address
};
std::vector<MmaPart> mma_parts(const MmaDescriptor& descriptor, int group);

}  // namespace aotgemm::ptx_machine
