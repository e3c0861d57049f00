#include "ptx_machine/async/mma_rows.hpp"

#include <cstring>

#include "ptx_machine/async/tensor_operand.hpp"
#include "ptx_machine/async/tensor_pipe.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {
namespace {

using emulation::MmaType;

[[noreturn]] void refuse(const TensorOp& op, const std::string& what, const std::string& advice) {
    machine_of(*op.issuer).stop(*op.issuer, *op.instruction, "tcgen05", what, advice);
}

int element_bytes(MmaType type) {
    switch (type) {
        case MmaType::bf16:
        case MmaType::fp16: return 2;
        case MmaType::tf32: return 4;
        default: return 1;
    }
}

void unpack(const std::uint8_t* packed, int bytes, std::uint8_t* codes) {
    for (int i = 0; i < bytes; ++i) {
        codes[2 * i] = packed[i] & 0xF;
        codes[2 * i + 1] = packed[i] >> 4;
    }
}

// Where E2M1 stands among bytes, 16 codes lie in the first 8 bytes of each 16.
constexpr int kCodesOfPiece = 16;

void read_k_major(const TensorOp& op, const Block& block, const TensorDescriptor& from, MmaType type, int first,
                  int rows, MmaRows& to) {
    const bool packed = is_packed(op.how().kind), gaps = type == MmaType::e2m1 && !packed;
    for_each_k_major_piece(from, rows, kStepOfOperand, [&](std::uint32_t address, int row, int byte) {
        bool is_defined = true;
        const std::uint32_t bytes = gaps ? kCodesOfPiece / 2 : kOperandPiece;
        const std::uint8_t* piece = tensor_operand_piece(op, block, address, bytes, is_defined);
        const auto at = static_cast<std::size_t>(first + row);
        if (packed) unpack(piece, kOperandPiece, to.data[at] + 2 * byte);
        else if (gaps) unpack(piece, kCodesOfPiece / 2, to.data[at] + byte);
        else std::memcpy(to.data[at] + byte, piece, kOperandPiece);
        to.undefined[at] = to.undefined[at] || !is_defined;
    });
}

void read_mn_major(const TensorOp& op, const Block& block, const TensorDescriptor& from, MmaType type, int first,
                   int rows, MmaRows& to) {
    const int size = element_bytes(type), depth = static_cast<int>(kStepOfOperand) / size;
    const bool gaps = type == MmaType::e2m1;
    for_each_mn_major_piece(from, rows, depth, size, [&](std::uint32_t address, int row, int k) {
        bool is_defined = true;
        const std::uint8_t* piece =
            tensor_operand_piece(op, block, address, gaps ? kCodesOfPiece / 2 : kOperandPiece, is_defined);
        std::uint8_t codes[kCodesOfPiece];
        if (gaps) {
            unpack(piece, kCodesOfPiece / 2, codes);
            piece = codes;
        }
        for (int r = 0; r < static_cast<int>(kOperandPiece) / size && row + r < rows; ++r) {
            const auto at = static_cast<std::size_t>(first + row + r);
            std::memcpy(to.data[at] + k * size, piece + r * size, static_cast<std::size_t>(size));
            to.undefined[at] = to.undefined[at] || !is_defined;
        }
    });
}

}  // namespace

void read_shared_rows(const TensorOp& op, const Block& block, std::uint64_t descriptor, MmaType type, bool is_mn_major,
                      int first, int rows, MmaRows& to) {
    TensorDescriptor from;
    const std::string problem = read_tensor_descriptor(descriptor, from);
    if (!problem.empty()) refuse(op, "an operand's descriptor " + problem, "Build it as CuTe does.");
    if (from.by_32_bytes != (is_mn_major && type == MmaType::tf32))
        refuse(op, "the swizzle of 128 bytes in pieces of 32 is for MN-major TF32, and MN-major TF32 wants it",
               "Give the other swizzle.");
    if (is_mn_major) read_mn_major(op, block, from, type, first, rows, to);
    else read_k_major(op, block, from, type, first, rows, to);
}

void read_tensor_rows(const TensorOp& op, Block& block, int lane, int first, int rows, MmaRows& to) {
    const std::uint32_t column = tensor_column(static_cast<std::uint32_t>(op.a));
    for (int row = 0; row < rows; ++row) {
        const auto at = static_cast<std::size_t>(first + row);
        std::memcpy(to.data[at], block.tensor_memory->lane(lane + row) + column, kStepOfOperand);
        if (op.issuer->check == nullptr) continue;
        TensorShadow& shadow = op.issuer->check->tensor().shadow(block);
        for (std::uint32_t word = 0; word < kStepOfOperand / 4; ++word)
            if (!(shadow.defined(column + word, (lane + row) / kQuarterLanes) >> (lane + row) % kQuarterLanes & 1))
                to.undefined[at] = true;
    }
}

void read_scales(const TensorOp& op, Block& block, std::uint32_t column, int index, unsigned quarters, int id,
                 int first, int rows, MmaRows& to) {
    for (int row = 0; row < rows; ++row, ++index) {
        const std::uint32_t at = column + static_cast<std::uint32_t>(index / kQuarterLanes);
        const int lane = index % kQuarterLanes;
        std::uint32_t word = 0, last = 0;
        bool is_first = true, is_defined = true;
        for (int quarter = 0; quarter < kQuarters; ++quarter) {
            if (!(quarters >> quarter & 1)) continue;
            last = block.tensor_memory->lane(quarter * kQuarterLanes + lane)[at];
            if (is_first) word = last;
            is_first = false;
            if (op.issuer->check != nullptr)
                is_defined = is_defined && (op.issuer->check->tensor().shadow(block).defined(at, quarter) >> lane & 1);
            if (word != last)
                refuse(op,
                       "the copies of a word of scales in the quarters of tensor memory differ, in column " +
                           std::to_string(at),
                       "Copy scales with tcgen05.cp.32x128b.warpx4.");
        }
        const auto to_row = static_cast<std::size_t>(first + row);
        to.undefined[to_row] = to.undefined[to_row] || !is_defined;
        const int each = op.how().kind == MmaKind::mxf4nvf4 ? kWordBytes / op.how().scale_bytes : 1;
        for (int byte = 0; byte < op.how().scale_bytes * each; ++byte)
            to.scales[to_row][byte] = static_cast<std::uint8_t>(word >> (8 * (id + byte / each)));
    }
}

}  // namespace aotgemm::ptx_machine
