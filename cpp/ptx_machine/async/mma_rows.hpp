// Rows of an operand of tcgen05.mma, gathered for the arithmetic: raw elements of one K step, scales, and which rows
// come from values that nothing has written.
#pragma once

#include <array>
#include <cstdint>

#include "ptx_machine/async/mma_descriptor.hpp"
#include "ptx_machine/machine/block.hpp"

namespace aotgemm::ptx_machine {

inline constexpr std::uint32_t kStepOfOperand = 32;  // bytes of a row's K step in memory, whatever the type
inline constexpr int kMostStepElements = 64;
inline constexpr int kWordBytes = 4;  // of scales

struct MmaRows {
    alignas(64) std::uint8_t data[kMostMmaRows][kMostStepElements];  // E2M1: a byte for each code
    std::uint8_t scales[kMostMmaRows][kWordBytes];  // as the arithmetic counts: one, two or four of a row
    std::array<bool, kMostMmaRows> undefined;

    emulation::MmaOperand from(int row, emulation::MmaType type, bool scaled) const {
        return {type, data[row], kMostStepElements, scaled ? scales[row] : nullptr, kWordBytes};
    }
};

// Rows first .. first + rows - 1 from the shared memory of a block.
void read_shared_rows(const TensorOp& op, const Block& block, std::uint64_t descriptor, emulation::MmaType type,
                      bool is_mn_major, int first, int rows, MmaRows& to);

// The same from lanes of its tensor memory.
void read_tensor_rows(const TensorOp& op, Block& block, int lane, int first, int rows, MmaRows& to);

// Scales of these rows: word number `index` onwards, in copies in the quarters of `quarters`; `id` is its first byte.
void read_scales(const TensorOp& op, Block& block, std::uint32_t column, int index, unsigned quarters, int id,
                 int first, int rows, MmaRows& to);

}  // namespace aotgemm::ptx_machine
