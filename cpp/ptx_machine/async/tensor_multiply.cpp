#include "ptx_machine/async/tensor_multiply.hpp"

#include <algorithm>
#include <memory>

#include "ptx_machine/async/mma_rows.hpp"
#include "ptx_machine/async/tensor_pipe.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"
#include "ptx_machine/machine/processor_time.hpp"

namespace aotgemm::ptx_machine {

MmaDescriptor mma_descriptor_of(const TensorOp& op) {
    MmaDescriptor descriptor;
    const std::string problem = read_mma_descriptor(op.descriptor, op.how(), descriptor);
    if (!problem.empty())
        machine_of(*op.issuer)
            .stop(*op.issuer, *op.instruction, "tcgen05", "the instruction descriptor " + problem,
                  "Build it as CuTe does.");
    return descriptor;
}

namespace {

std::uint8_t halves_of(const MmaDescriptor& descriptor, int group, std::uint32_t lane) {
    if (group != 1 || descriptor.m != 64) return kAllHalves;
    return static_cast<std::uint8_t>(lane / kHalfLanes % 2 == 0 ? 0b01010101 : 0b10101010);
}

// Scales of B of a pair with M = 128 lie in two halves: each 64 lanes have those of the columns whose sums they hold.
bool has_split_scales(const TensorOp& op, const MmaDescriptor& descriptor) {
    return op.how().group == 2 && descriptor.m == 128;
}

std::uint32_t columns_of_words(int words) {
    return static_cast<std::uint32_t>((words + kQuarterLanes - 1) / kQuarterLanes);
}

}  // namespace

TensorRegion region_of_sums(const TensorOp& op, const MmaDescriptor& descriptor) {
    const int columns = mma_parts(descriptor, op.how().group)[0].columns;
    return {tensor_column(op.d), static_cast<std::uint32_t>(columns),
            halves_of(descriptor, op.how().group, tensor_lane(op.d))};
}

TensorRegion region_of_a(const TensorOp& op, const MmaDescriptor& descriptor) {
    const auto address = static_cast<std::uint32_t>(op.a);
    return {tensor_column(address), kStepOfOperand / 4, halves_of(descriptor, op.how().group, tensor_lane(address))};
}

TensorRegion region_of_scales(const TensorOp& op, const MmaDescriptor& descriptor, bool of_b) {
    int words = of_b ? descriptor.n : descriptor.m / op.how().group;
    if (of_b && has_split_scales(op, descriptor)) words /= 2;
    return {tensor_column(of_b ? op.scales_b : op.scales_a), columns_of_words(words), kAllHalves};
}

namespace {

struct Multiplication {
    const TensorOp& op;
    MmaDescriptor descriptor;
    std::vector<Block*> blocks;
    MmaRows &a, &b;
    bool scaled() const { return has_scales(op.how().kind); }
};

void read_operands(const Multiplication& work) {
    const int group = work.op.how().group;
    const MmaDescriptor& d = work.descriptor;
    for (int block = 0; block < group; ++block) {
        const Block& from = *work.blocks[static_cast<std::size_t>(block)];
        if (!work.op.how().a_in_tensor_memory)
            read_shared_rows(work.op, from, work.op.a, d.a, d.a_mn_major, block * (d.m / group), d.m / group, work.a);
        read_shared_rows(work.op, from, work.op.b, d.b, d.b_mn_major, block * (d.n / group), d.n / group, work.b);
    }
}

// What the rows and columns of one part need from its own block's tensor memory.
void read_tensor_operands(const Multiplication& work, const MmaPart& part, Block& block) {
    const TensorOp& op = work.op;
    const MmaDescriptor& d = work.descriptor;
    if (op.how().a_in_tensor_memory) {
        const auto lane = static_cast<int>(tensor_lane(static_cast<std::uint32_t>(op.a)));
        read_tensor_rows(op, block, lane + part.lane, part.row, part.rows, work.a);
    }
    if (!work.scaled()) return;
    const int rows_before = part.block * (d.m / op.how().group);
    constexpr unsigned kAllQuarters = 0b1111, kLowQuarters = 0b0011;
    read_scales(op, block, tensor_column(op.scales_a), part.row - rows_before, kAllQuarters, d.scale_a, part.row,
                part.rows, work.a);
    const bool split = has_split_scales(op, d);
    const unsigned quarters = split ? kLowQuarters << (part.lane / kQuarterLanes) : kAllQuarters;
    read_scales(op, block, tensor_column(op.scales_b), split ? 0 : part.column, quarters, d.scale_b, part.column,
                part.columns, work.b);
}

void add_products(const Multiplication& work, const MmaPart& part, std::uint32_t* sums) {
    const emulation::MmaOperand a = work.a.from(part.row, work.descriptor.a, work.scaled());
    const emulation::MmaOperand b = work.b.from(part.column, work.descriptor.b, work.scaled());
    const emulation::Matrix<float> d{reinterpret_cast<float*>(sums), part.rows, part.columns, kTensorColumns, 1};
    switch (work.op.how().kind) {
        case MmaKind::f16: return emulation::mma_f16(a, b, d);
        case MmaKind::tf32: return emulation::mma_tf32(a, b, d);
        case MmaKind::f8f6f4:
        case MmaKind::mxf8f6f4: return emulation::mma_f8f6f4(a, b, d);
        case MmaKind::mxf4: return emulation::mma_mxf4(a, b, d);
        case MmaKind::mxf4nvf4: return emulation::mma_mxf4nvf4(a, b, work.descriptor.scales, d);
    }
}

bool is_disabled(const TensorOp& op, const MmaPart& part, int lane) {
    const std::uint32_t word =
        op.disabled_lanes[static_cast<std::size_t>(part.block * kQuarters + lane / kQuarterLanes)];
    return word >> lane % kQuarterLanes & 1;
}

// Sums are defined where their row of A and their column of B are, and what they are added to.
void define_sums(const Multiplication& work, const MmaPart& part, const Block& block, int lane) {
    TensorShadow& shadow = work.op.issuer->check->tensor().shadow(block);
    std::array<std::uint32_t, kQuarters> touched{}, undefined{};
    for (int row = 0; row < part.rows; ++row) {
        if (is_disabled(work.op, part, lane + row)) continue;
        const auto quarter = static_cast<std::size_t>((lane + row) / kQuarterLanes);
        const std::uint32_t bit = 1u << (lane + row) % kQuarterLanes;
        touched[quarter] |= bit;
        if (work.a.undefined[static_cast<std::size_t>(part.row + row)]) undefined[quarter] |= bit;
    }
    for (int column = 0; column < part.columns; ++column) {
        const bool all = work.b.undefined[static_cast<std::size_t>(part.column + column)];
        for (int quarter = 0; quarter < kQuarters; ++quarter) {
            const std::uint32_t lanes = touched[static_cast<std::size_t>(quarter)];
            std::uint32_t& defined =
                shadow.defined(tensor_column(work.op.d) + static_cast<std::uint32_t>(column), quarter);
            if (!work.op.accumulates) defined |= lanes;
            defined &= ~(all ? lanes : undefined[static_cast<std::size_t>(quarter)]);
        }
    }
}

void run_part(const Multiplication& work, const MmaPart& part) {
    Block& block = *work.blocks[static_cast<std::size_t>(part.block)];
    const int lane = static_cast<int>(tensor_lane(work.op.d)) + part.lane;
    read_tensor_operands(work, part, block);
    const auto row_of = [&](int row) { return block.tensor_memory->lane(lane + row) + tensor_column(work.op.d); };
    std::vector<std::pair<int, std::vector<std::uint32_t>>> kept;
    for (int row = 0; row < part.rows; ++row) {
        if (is_disabled(work.op, part, lane + row))
            kept.emplace_back(row, std::vector(row_of(row), row_of(row) + part.columns));
        if (!work.op.accumulates) std::fill_n(row_of(row), part.columns, 0u);
    }
    const double start = processor_seconds();
    add_products(work, part, row_of(0));
    block.cluster->machine->counts.arithmetic_seconds += processor_seconds() - start;
    for (const auto& [row, words] : kept) std::copy(words.begin(), words.end(), row_of(row));
    if (work.op.issuer->check != nullptr) define_sums(work, part, block, lane);
}

}  // namespace

void multiply(const TensorOp& op) {
    thread_local const auto a = std::make_unique<MmaRows>(), b = std::make_unique<MmaRows>();
    a->undefined.fill(false);
    b->undefined.fill(false);
    const Multiplication work{op, mma_descriptor_of(op), blocks_of_group(*op.issuer, *op.instruction), *a, *b};
    read_operands(work);
    for (const MmaPart& part : mma_parts(work.descriptor, op.how().group)) run_part(work, part);
    ++op.issuer->block->cluster->machine->counts.mma;
}

}  // namespace aotgemm::ptx_machine
