#include "ptx_machine/async/tensor_operand.hpp"

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {

std::string read_tensor_descriptor(std::uint64_t bits, TensorDescriptor& out) {
    const auto field = [&](int first, int count) {
        return static_cast<std::uint32_t>(bits >> first & ((1u << count) - 1));
    };
    out.start = field(0, 14) << 4;
    out.leading = field(16, 14) << 4;
    out.stride = field(32, 14) << 4;
    if (field(14, 2) != 0 || field(30, 2) != 0 || field(53, 8) != 0)
        return "has bits set that are zero in every descriptor";
    if (field(46, 3) != 1) return "has " + std::to_string(field(46, 3)) + " in bits 46 to 48, which must be 1";
    if (field(49, 3) != 0) return "has a base offset, which the machine does not know";
    if (field(52, 1) != 0) return "counts its leading offset absolutely, which sm_100a does not know";
    const std::uint32_t layout = field(61, 3);
    out.by_32_bytes = layout == 1;
    switch (layout) {
        case 0: out.swizzle = 0; break;
        case 1:
        case 2: out.swizzle = 3; break;
        case 4: out.swizzle = 2; break;
        case 6: out.swizzle = 1; break;
        default: return "has swizzle " + std::to_string(layout) + ", which there is not";
    }
    return "";
}

const std::uint8_t* tensor_operand_piece(const TensorOp& op, const Block& block, std::uint32_t address,
                                         std::uint32_t bytes, bool& is_defined) {
    if (address < kSharedBase || address + kOperandPiece > block.shared.size())
        machine_of(*op.issuer)
            .stop(*op.issuer, *op.instruction, "bounds",
                  "an operand lies in shared memory at " + std::to_string(address) + ", outside the block's",
                  "Check the descriptor's address, leading and stride offsets.");
    Checker* check = op.issuer->check;
    is_defined = check == nullptr || check->shared_is_defined(block, address, bytes);
    if (check != nullptr) check->tensor_reads_shared(op, block, address, bytes);
    return block.shared.data() + address;
}

}  // namespace aotgemm::ptx_machine
