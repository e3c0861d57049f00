// Operands of wgmma in shared memory (PTX ISA, "Asynchronous warpgroup level matrix shared memory layout").
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "ptx_machine/async/tensor_core.hpp"
#include "ptx_machine/async/tensor_map.hpp"

namespace aotgemm::ptx_machine {

struct SharedDescriptor {
    std::uint32_t start, leading, stride;  // bytes
    int base_offset;
    int swizzle;  // as a tensor map counts: 0 none, 1 32B, 2 64B, 3 128B

    explicit SharedDescriptor(std::uint64_t bits)
        : start(static_cast<std::uint32_t>(bits & 0x3FFF) << 4),
          leading(static_cast<std::uint32_t>(bits >> 16 & 0x3FFF) << 4),
          stride(static_cast<std::uint32_t>(bits >> 32 & 0x3FFF) << 4),
          base_offset(static_cast<int>(bits >> 49 & 7)) {
        constexpr int kSwizzles[] = {0, 3, 2, 1};
        swizzle = kSwizzles[bits >> 62];
    }
    std::uint32_t row_bytes() const { return 16u << swizzle; }
};

// Calls body(address, row, byte) for each 16-byte piece of a K-major operand: bytes byte.. of the row.
template <class Body>
void for_each_k_major_piece(const SharedDescriptor& at, int rows, Body&& body) {
    const std::uint32_t next_piece = at.swizzle == 0 ? at.leading : 16;
    for (int row = 0; row < rows; ++row) {
        const std::uint32_t line = at.start + static_cast<std::uint32_t>(row / 8) * at.stride +
                                   static_cast<std::uint32_t>(row % 8) * at.row_bytes();
        for (std::uint32_t piece = 0; piece < 2; ++piece)
            body(swizzled(line + piece * next_piece, at.swizzle), row, static_cast<int>(piece * 16));
    }
}

// Calls body(address, row, k) for each 16-byte piece of an MN-major operand of 16-bit elements: rows row..row + 7 at
// one k.
template <class Body>
void for_each_mn_major_piece(const SharedDescriptor& at, int rows, Body&& body) {
    const int rows_of_line = static_cast<int>(at.row_bytes() / 2);
    for (int k = 0; k < kStepBytes / 2; ++k) {
        for (int row = 0; row < rows; row += 8) {
            const std::uint32_t address = at.start + static_cast<std::uint32_t>(row / rows_of_line) * at.leading +
                                          static_cast<std::uint32_t>(row % rows_of_line) * 2 +
                                          static_cast<std::uint32_t>(k % 8) * at.row_bytes() +
                                          static_cast<std::uint32_t>(k / 8) * at.stride;
            body(swizzled(address, at.swizzle), row, k);
        }
    }
}

}  // namespace aotgemm::ptx_machine
