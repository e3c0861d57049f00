// tcgen05.mma: its operands, what of tensor memory it touches, and its forms.
#include "ptx_machine/async/tensor_multiply.hpp"

#include "ptx_machine/ops/tcgen05_issue.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

std::uint64_t sums_key(const TensorOp& op) {
    // M, N and the kind; types and scale ids may change from one mma of a chain to the next.
    const std::uint32_t shape = op.descriptor & 0x1F7E0000;
    return std::uint64_t{op.d} << 32 | shape | static_cast<std::uint32_t>(op.how().kind);
}

void want_distinct(Warp& warp, const TensorRegion& sums, const TensorRegion& other, const char* what) {
    if (sums.first < other.first + other.columns && other.first < sums.first + sums.columns &&
        (sums.halves & other.halves) != 0)
        report(warp, "tcgen05", std::string("the columns of an mma's sums are also those of its ") + what,
               "Give them columns of their own.");
}

void check_inputs(Warp& warp, const TensorOp& op, const MmaDescriptor& descriptor, Block& block,
                  const TensorAccess& access) {
    TensorChecker& check = warp.check->tensor();
    const auto read = [&](const TensorRegion& region, const char* what) {
        want_distinct(warp, region_of_sums(op, descriptor), region, what);
        check.read(warp, block, region, access);
    };
    if (op.how().a_in_tensor_memory) read(region_of_a(op, descriptor), "A");
    if (!has_scales(op.how().kind)) return;
    for (const bool of_b : {false, true}) {
        const TensorRegion region = region_of_scales(op, descriptor, of_b);
        read(region, "scales");
        check.want_no_sums(warp, block, region);
    }
}

void check_multiply(Warp& warp, const TensorOp& op, const MmaDescriptor& descriptor) {
    TensorChecker& check = warp.check->tensor();
    TensorAccess access = check.access(warp, *op.instruction, op.tick);
    access.sums = sums_key(op);
    for (Block* block : blocks_of_group(warp, *op.instruction)) {
        check_inputs(warp, op, descriptor, *block, access);
        const TensorRegion sums = region_of_sums(op, descriptor);
        if (op.accumulates) check.want_written(warp, *block, sums);
        check.write(warp, *block, sums, access);
        check.issued(warp, *block);
    }
}

void want_lane(Warp& warp, const TensorOp& op, const MmaDescriptor& descriptor, std::uint32_t address) {
    const bool may_start_inside = op.how().group == 1 && descriptor.m == 64;
    const std::uint32_t lane = tensor_lane(address);
    if (lane != 0 && !(may_start_inside && lane == kHalfLanes))
        stop(warp, "tcgen05", "an mma's matrix starts at lane " + std::to_string(lane) + " of tensor memory",
             "Lane 0 is allowed, and 16 for 64 rows of one block.");
}

// The operands that the thread gives.
TensorOp multiplication_of(Warp& warp, const Instruction& i, int lane) {
    const Tcgen05& how = i.details->tcgen05;
    TensorOp op = tensor_op_of(warp, i, lane);
    op.d = value_of<std::uint32_t>(warp, i.a, lane);
    op.a = how.a_in_tensor_memory ? value_of<std::uint32_t>(warp, i.b, lane) : value_of<std::uint64_t>(warp, i.b, lane);
    op.b = value_of<std::uint64_t>(warp, i.c, lane);
    op.descriptor = value_of<std::uint32_t>(warp, how.descriptor, lane);
    if (has_scales(how.kind)) {
        op.scales_a = value_of<std::uint32_t>(warp, how.scales_a, lane);
        op.scales_b = value_of<std::uint32_t>(warp, how.scales_b, lane);
    }
    if (warp.check != nullptr && !(warp.defined[how.accumulates.shadow] >> lane & 1))
        report(warp, "uninitialised", "whether an mma adds depends on a value that nothing has written",
               "Initialise the value.");
    op.accumulates = warp.predicate(how.accumulates) >> lane & 1;
    for (std::size_t word = 0; word < how.disabled_lanes.size(); ++word)
        op.disabled_lanes[word] = value_of<std::uint32_t>(warp, how.disabled_lanes[word], lane);
    return op;
}

void want_places(Warp& warp, const TensorOp& op, const MmaDescriptor& descriptor) {
    const Instruction& i = *op.instruction;
    want_lane(warp, op, descriptor, op.d);
    want_all_allocated(warp, i, region_of_sums(op, descriptor));
    if (op.how().a_in_tensor_memory) {
        want_lane(warp, op, descriptor, static_cast<std::uint32_t>(op.a));
        want_all_allocated(warp, i, region_of_a(op, descriptor));
    }
    if (!has_scales(op.how().kind)) return;
    for (const bool of_b : {false, true}) want_all_allocated(warp, i, region_of_scales(op, descriptor, of_b));
}

void multiply(Warp& warp, const Instruction& i) {
    for_the_issuer(warp, i, [&](int lane) {
        TensorOp op = multiplication_of(warp, i, lane);
        const MmaDescriptor descriptor = mma_descriptor_of(op);
        want_places(warp, op, descriptor);
        warp.tensor_lane = lane;
        if (warp.check != nullptr) check_multiply(warp, op, descriptor);
        issue_tensor_op(warp, std::move(op));
    });
}

// An address in brackets with no offset.
Place decode_address(Decoder& decoder, const Operand& operand) {
    Instruction with_offset;
    const Place place = decoder.address(operand, with_offset);
    if (with_offset.value != 0) decoder.fail("an offset of an address");
    if (place.type != RegisterType::bits32) decoder.fail("an address of another width");
    return place;
}

// [d], a, b, descriptor {, {disabled lanes}}, p, or with scales [d], a, b, descriptor, [scales of a], [scales of b], p.
void decode_multiply(Decoder& decoder, const Statement& statement, Instruction& out, Tcgen05 how) {
    const std::vector<Operand>& operands = statement.operands;
    const bool scaled = has_scales(how.kind);
    const bool has_lanes = !scaled && operands.size() == 6;
    decoder.count(statement, scaled ? 7 : has_lanes ? 6 : 5);
    how.a_in_tensor_memory = operands[1].kind == Operand::Kind::address;
    out.a = decode_address(decoder, operands[0]);
    out.b = how.a_in_tensor_memory ? decode_address(decoder, operands[1])
                                   : decoder.source(operands[1], RegisterType::bits64);
    out.c = decoder.source(operands[2], RegisterType::bits64);
    how.descriptor = decoder.source(operands[3], RegisterType::bits32);
    if (scaled) {
        how.scales_a = decode_address(decoder, operands[4]);
        how.scales_b = decode_address(decoder, operands[5]);
    }
    if (has_lanes) {
        if (operands[4].parts.size() != static_cast<std::size_t>(how.group * kQuarters))
            decoder.fail("expected " + std::to_string(how.group * kQuarters) + " words of disabled lanes");
        for (const Operand& part : operands[4].parts)
            how.disabled_lanes.push_back(decoder.source(part, RegisterType::bits32));
    }
    how.accumulates = decoder.source(operands.back(), RegisterType::predicate);
    decoder.add_details(out).tcgen05 = how;
}

void add_multiplications(OpcodeTable& table, int group) {
    const auto add = [&](const std::string& kind_and_scales, MmaKind kind, int scale_bytes = 0) {
        Tcgen05 how;
        how.action = TensorAction::multiply;
        how.group = group;
        how.kind = kind;
        how.scale_bytes = scale_bytes;
        table["tcgen05.mma.cta_group::" + std::to_string(group) + ".kind::" + kind_and_scales] = {
            "", multiply, [how](Decoder& d, const Statement& s, Instruction& out) { decode_multiply(d, s, out, how); },
            false};
    };
    add("f16", MmaKind::f16);
    add("tf32", MmaKind::tf32);
    add("f8f6f4", MmaKind::f8f6f4);
    for (const char* scales : {".block_scale", ".block_scale.block32", ".block_scale.scale_vec::1X"})
        add(std::string("mxf8f6f4") + scales, MmaKind::mxf8f6f4, 1);
    for (const char* scales : {".block_scale", ".block_scale.block32", ".block_scale.scale_vec::2X"})
        add(std::string("mxf4") + scales, MmaKind::mxf4, 2);
    for (const char* scales : {".block32", ".scale_vec::2X"})
        add(std::string("mxf4nvf4.block_scale") + scales, MmaKind::mxf4nvf4, 2);
    for (const char* scales : {".block16", ".scale_vec::4X"})
        add(std::string("mxf4nvf4.block_scale") + scales, MmaKind::mxf4nvf4, 4);
}

}  // namespace

void add_tcgen05_multiply_opcodes(OpcodeTable& table) {
    for (const int group : {1, 2}) add_multiplications(table, group);
}

}  // namespace aotgemm::ptx_machine
