// tcgen05.mma, cp, commit and the fences between threads.
#include "ptx_machine/async/tensor_copy.hpp"
#include "ptx_machine/async/tensor_multiply.hpp"
#include "ptx_machine/async/tensor_operand.hpp"
#include "ptx_machine/async/tensor_pipe.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/sync.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

// One thread issues; every other that does too issues an operation of its own.
void want_one_lane(Warp& warp, const Instruction& i) {
    if (std::popcount(warp.active(i)) > 1)
        report(warp, "tcgen05", "several lanes of a warp issue an operation of which one is wanted",
               "Let one lane issue it, as elect.sync chooses it.");
}

template <class T>
T value_of(Warp& warp, const Place& place, int lane) {
    if (warp.check != nullptr && !(warp.defined[place.shadow] >> lane & 1))
        report(warp, "uninitialised", "an operand of tcgen05 depends on a value that nothing has written",
               "Initialise the value.");
    return warp.lanes<T>(place)[lane];
}

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
        want_allocated(warp, *op.instruction, block, region.first, region.columns);
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

// Columns that an mma or a cp touches are allocated in all blocks, whether anybody checks or not.
void want_all_allocated(Warp& warp, const Instruction& i, const TensorRegion& region) {
    for (const Block* block : blocks_of_group(warp, i)) want_allocated(warp, i, *block, region.first, region.columns);
}

void want_lane(Warp& warp, const TensorOp& op, const MmaDescriptor& descriptor, std::uint32_t address) {
    const bool may_start_inside = op.how().group == 1 && descriptor.m == 64;
    const std::uint32_t lane = tensor_lane(address);
    if (lane != 0 && !(may_start_inside && lane == kHalfLanes))
        stop(warp, "tcgen05", "an mma's matrix starts at lane " + std::to_string(lane) + " of tensor memory",
             "Lane 0 is allowed, and 16 for 64 rows of one block.");
}

void multiply_by_lane(Warp& warp, const Instruction& i, int lane) {
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
    const MmaDescriptor descriptor = mma_descriptor_of(op);
    want_lane(warp, op, descriptor, op.d);
    if (how.a_in_tensor_memory) want_lane(warp, op, descriptor, static_cast<std::uint32_t>(op.a));
    want_all_allocated(warp, i, region_of_sums(op, descriptor));
    warp.tensor_lane = lane;
    if (warp.check != nullptr) check_multiply(warp, op, descriptor);
    issue_tensor_op(warp, std::move(op));
}

void multiply(Warp& warp, const Instruction& i) {
    want_one_lane(warp, i);
    if (warp.active(i) != 0) want_group(warp, i);
    for_each_lane(warp.active(i), [&](int lane) { multiply_by_lane(warp, i, lane); });
}

void copy(Warp& warp, const Instruction& i) {
    want_one_lane(warp, i);
    if (warp.active(i) != 0) want_group(warp, i);
    for_each_lane(warp.active(i), [&](int lane) {
        TensorOp op = tensor_op_of(warp, i, lane);
        op.d = value_of<std::uint32_t>(warp, i.a, lane) + static_cast<std::uint32_t>(i.value);
        op.a = value_of<std::uint64_t>(warp, i.b, lane);
        if (tensor_lane(op.d) != 0)
            stop(warp, "tcgen05", "a tcgen05.cp writes from lane " + std::to_string(tensor_lane(op.d)) + " on",
                 "It starts at lane 0.");
        const TensorRegion region = region_of_copy(op);
        want_all_allocated(warp, i, region);
        warp.tensor_lane = lane;
        if (warp.check != nullptr) {
            TensorChecker& check = warp.check->tensor();
            for (Block* block : blocks_of_group(warp, i)) {
                check.write(warp, *block, region, check.access(warp, i, op.tick));
                check.issued(warp, *block);
            }
        }
        issue_tensor_op(warp, std::move(op));
    });
}

void commit_by_lane(Warp& warp, const Instruction& i, int lane) {
    TensorOp op = tensor_op_of(warp, i, lane);
    const SharedPlace place =
        shared_place(warp, value_of<std::uint32_t>(warp, i.a, lane) + static_cast<std::uint32_t>(i.value));
    op.barrier = place.address;
    op.blocks = 1u << place.block->rank;
    if (i.details->tcgen05.is_multicast) op.blocks = value_of<std::uint32_t>(warp, i.b, lane) & 0xFFFF;
    std::deque<Block>& blocks = warp.block->cluster->blocks;
    if (op.blocks == 0 || op.blocks >> blocks.size() != 0)
        stop(warp, "tcgen05",
             "a commit arrives at the blocks of mask " + std::to_string(op.blocks) + " in a cluster of " +
                 std::to_string(blocks.size()),
             "Name blocks of the cluster.");
    if (warp.tensor_lane >= 0 && warp.tensor_lane != lane)
        report(warp, "tcgen05", "a commit comes from another thread than the mma and cp before it",
               "It tracks those of its own thread: let one thread issue all of them.");
    warp.tensor_lane = -1;
    for (Block& block : blocks) {
        if ((op.blocks >> block.rank & 1) == 0) continue;
        mbarrier_at(warp, i, {&block, op.barrier}, true);
        if (warp.check != nullptr) warp.check->tensor().issued(warp, block);
    }
    issue_tensor_op(warp, std::move(op));
}

void commit(Warp& warp, const Instruction& i) {
    want_one_lane(warp, i);
    if (warp.active(i) != 0) want_group(warp, i);
    for_each_lane(warp.active(i), [&](int lane) { commit_by_lane(warp, i, lane); });
}

void fence_before(Warp& warp, const Instruction& i) {
    if (warp.check != nullptr && warp.active(i) != 0) warp.check->tensor().fence_before(warp);
}

void fence_after(Warp& warp, const Instruction& i) {
    if (warp.check != nullptr && warp.active(i) != 0) warp.check->tensor().fence_after(warp);
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

void add_copies(OpcodeTable& table, int group) {
    const auto add = [&](const std::string& shape, TensorSpread spread, int columns) {
        Tcgen05 how;
        how.action = TensorAction::copy;
        how.group = group;
        how.spread = spread;
        how.copied_columns = columns;
        table["tcgen05.cp.cta_group::" + std::to_string(group) + "." + shape] = {
            "", copy,
            [how](Decoder& d, const Statement& s, Instruction& out) {
                d.count(s, 2);
                out.a = d.address(s.operands[0], out);
                out.b = d.source(s.operands[1], RegisterType::bits64);
                d.add_details(out).tcgen05 = how;
            },
            false};
    };
    add("32x128b.warpx4", TensorSpread::warpx4, 4);
    add("64x128b.warpx2::02_13", TensorSpread::warpx2_02_13, 4);
    add("64x128b.warpx2::01_23", TensorSpread::warpx2_01_23, 4);
    add("128x128b", TensorSpread::all, 4);
    add("128x256b", TensorSpread::all, 8);
}

void add_commits(OpcodeTable& table, int group) {
    const std::string name =
        "tcgen05.commit.cta_group::" + std::to_string(group) + ".mbarrier::arrive::one.shared::cluster";
    for (const bool is_multicast : {false, true}) {
        Tcgen05 how;
        how.action = TensorAction::commit;
        how.group = group;
        how.is_multicast = is_multicast;
        table[name + (is_multicast ? ".multicast::cluster" : "") + ".b64"] = {
            "", commit,
            [how](Decoder& d, const Statement& s, Instruction& out) {
                d.count(s, how.is_multicast ? 2 : 1);
                out.a = d.address(s.operands[0], out);
                if (how.is_multicast) out.b = d.source(s.operands[1], RegisterType::bits16);
                d.add_details(out).tcgen05 = how;
            },
            false};
    }
}

}  // namespace

void add_tcgen05_core_opcodes(OpcodeTable& table) {
    for (const int group : {1, 2}) {
        add_multiplications(table, group);
        add_copies(table, group);
        add_commits(table, group);
    }
    const auto decode_fence = [](Decoder& d, const Statement& s, Instruction& out) {
        d.count(s, 0);
        d.add_details(out).tcgen05.action = TensorAction::other;
    };
    table["tcgen05.fence::before_thread_sync"] = {"", fence_before, decode_fence, false};
    table["tcgen05.fence::after_thread_sync"] = {"", fence_after, decode_fence, false};
}

}  // namespace aotgemm::ptx_machine
