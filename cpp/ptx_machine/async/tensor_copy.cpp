#include "ptx_machine/async/tensor_copy.hpp"

#include <cstring>

#include "ptx_machine/async/tensor_operand.hpp"
#include "ptx_machine/async/tensor_pipe.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {
namespace {

constexpr std::uint32_t kPieceColumns = kOperandPiece / 4;

int rows_of(TensorSpread spread) {
    switch (spread) {
        case TensorSpread::warpx4: return kQuarterLanes;
        case TensorSpread::all: return kTensorLanes;
        default: return 2 * kQuarterLanes;
    }
}

// Calls body(lane) for each lane that a row goes to.
template <class Body>
void for_each_lane_of(TensorSpread spread, int row, Body&& body) {
    const int quarter = row / kQuarterLanes, lane = row % kQuarterLanes;
    switch (spread) {
        case TensorSpread::warpx4:
            for (int copy = 0; copy < kQuarters; ++copy) body(copy * kQuarterLanes + lane);
            break;
        case TensorSpread::warpx2_01_23:
            for (int copy = 0; copy < 2; ++copy) body((2 * quarter + copy) * kQuarterLanes + lane);
            break;
        case TensorSpread::warpx2_02_13:
            for (int copy = 0; copy < 2; ++copy) body((quarter + 2 * copy) * kQuarterLanes + lane);
            break;
        case TensorSpread::all: body(row); break;
    }
}

void copy_in(const TensorOp& op, Block& block, const TensorDescriptor& from) {
    const std::uint32_t first = tensor_column(op.d);
    Checker* check = op.issuer->check;
    const auto bytes = static_cast<std::uint32_t>(op.how().copied_columns) * 4;
    for_each_k_major_piece(from, rows_of(op.how().spread), bytes, [&](std::uint32_t address, int row, int byte) {
        bool is_defined = true;
        const std::uint8_t* piece = tensor_operand_piece(op, block, address, kOperandPiece, is_defined);
        const std::uint32_t column = first + static_cast<std::uint32_t>(byte) / 4;
        for_each_lane_of(op.how().spread, row, [&](int lane) {
            std::memcpy(block.tensor_memory->lane(lane) + column, piece, kOperandPiece);
            if (check == nullptr) return;
            for (std::uint32_t word = 0; word < kPieceColumns; ++word) {
                std::uint32_t& defined = check->tensor().shadow(block).defined(column + word, lane / kQuarterLanes);
                const std::uint32_t bit = 1u << lane % kQuarterLanes;
                const bool is_set = is_defined || check->shared_is_defined(block, address + 4 * word, 4);
                defined = is_set ? defined | bit : defined & ~bit;
            }
        });
    });
}

}  // namespace

TensorRegion region_of_copy(const TensorOp& op) {
    return {tensor_column(op.d), static_cast<std::uint32_t>(op.how().copied_columns), kAllHalves};
}

void copy_to_tensor_memory(const TensorOp& op) {
    TensorDescriptor from;
    const std::string problem = read_tensor_descriptor(op.a, from);
    if (!problem.empty())
        machine_of(*op.issuer)
            .stop(*op.issuer, *op.instruction, "tcgen05", "the descriptor " + problem, "Build it as CuTe does.");
    for (Block* block : blocks_of_group(*op.issuer, *op.instruction)) copy_in(op, *block, from);
}

}  // namespace aotgemm::ptx_machine
