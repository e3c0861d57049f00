// Operands of tcgen05.mma and cp in shared memory (PTX ISA, "Shared memory descriptor", "Canonical layouts").
#pragma once

#include <cstdint>
#include <string>

#include "ptx_machine/async/tensor_map.hpp"
#include "ptx_machine/machine/block.hpp"

namespace aotgemm::ptx_machine {

inline constexpr std::uint32_t kOperandPiece = 16;  // bytes

struct TensorDescriptor {
    std::uint32_t start, leading, stride;  // bytes
    int swizzle;                           // as a tensor map counts: 0 none, 1 32B, 2 64B, 3 128B
    bool by_32_bytes;                      // 128B with pieces of 32 bytes

    std::uint32_t row_bytes() const { return 16u << swizzle; }
    // Where the byte at an address before the swizzle is.
    std::uint32_t place(std::uint32_t address) const {
        return by_32_bytes ? address ^ ((address >> 7 & 3) << 5) : swizzled(address, swizzle);
    }
};

// "" and the descriptor, or what is wrong with it.
std::string read_tensor_descriptor(std::uint64_t bits, TensorDescriptor& out);

// Calls body(address, row, byte) for each 16-byte piece of `bytes` bytes of K of a K-major operand.
template <class Body>
void for_each_k_major_piece(const TensorDescriptor& at, int rows, std::uint32_t bytes, Body&& body) {
    const std::uint32_t next_piece = at.swizzle == 0 ? at.leading : kOperandPiece;
    for (int row = 0; row < rows; ++row) {
        const std::uint32_t line = at.start + static_cast<std::uint32_t>(row / 8) * at.stride +
                                   static_cast<std::uint32_t>(row % 8) * at.row_bytes();
        for (std::uint32_t piece = 0; piece < bytes / kOperandPiece; ++piece)
            body(at.place(line + piece * next_piece), row, static_cast<int>(piece * kOperandPiece));
    }
}

// Calls body(address, row, k) for each 16-byte piece of an MN-major operand: at one k, rows from `row` on.
template <class Body>
void for_each_mn_major_piece(const TensorDescriptor& at, int rows, int depth, int element_bytes, Body&& body) {
    const int rows_of_piece = static_cast<int>(kOperandPiece) / element_bytes;
    const int rows_of_line = static_cast<int>(at.row_bytes()) / element_bytes;
    const int lines = at.by_32_bytes ? 4 : 8;
    // Without a swizzle the two offsets change their roles.
    const std::uint32_t along_rows = at.swizzle == 0 ? at.stride : at.leading;
    const std::uint32_t along_k = at.swizzle == 0 ? at.leading : at.stride;
    for (int k = 0; k < depth; ++k)
        for (int row = 0; row < rows; row += rows_of_piece) {
            const std::uint32_t address = at.start + static_cast<std::uint32_t>(row / rows_of_line) * along_rows +
                                          static_cast<std::uint32_t>(row % rows_of_line * element_bytes) +
                                          static_cast<std::uint32_t>(k % lines) * at.row_bytes() +
                                          static_cast<std::uint32_t>(k / lines) * along_k;
            body(at.place(address), row, k);
        }
}

// A piece of shared memory that an operation reads; stops the grid if it is outside the block's. `bytes` may be fewer
// than 16.
const std::uint8_t* tensor_operand_piece(const TensorOp& op, const Block& block, std::uint32_t address,
                                         std::uint32_t bytes, bool& is_defined);

}  // namespace aotgemm::ptx_machine
