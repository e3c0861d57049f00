// tcgen05.cp, commit and the fences between threads.
#include "ptx_machine/async/tensor_copy.hpp"
#include "ptx_machine/machine/sync.hpp"
#include "ptx_machine/ops/tcgen05_issue.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

void check_copy(Warp& warp, const TensorOp& op, const TensorRegion& region) {
    TensorChecker& check = warp.check->tensor();
    for (Block* block : blocks_of_group(warp, *op.instruction)) {
        check.write(warp, *block, region, check.access(warp, *op.instruction, op.tick));
        check.issued(warp, *block);
    }
}

void copy(Warp& warp, const Instruction& i) {
    for_the_issuer(warp, i, [&](int lane) {
        TensorOp op = tensor_op_of(warp, i, lane);
        op.d = value_of<std::uint32_t>(warp, i.a, lane) + static_cast<std::uint32_t>(i.value);
        op.a = value_of<std::uint64_t>(warp, i.b, lane);
        if (tensor_lane(op.d) != 0)
            stop(warp, "tcgen05", "a tcgen05.cp writes from lane " + std::to_string(tensor_lane(op.d)) + " on",
                 "It starts at lane 0.");
        const TensorRegion region = region_of_copy(op);
        want_all_allocated(warp, i, region);
        warp.tensor_lane = lane;
        if (warp.check != nullptr) check_copy(warp, op, region);
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
    for_the_issuer(warp, i, [&](int lane) { commit_by_lane(warp, i, lane); });
}

void fence_before(Warp& warp, const Instruction& i) {
    if (warp.check != nullptr && warp.active(i) != 0) warp.check->tensor().fence_before(warp);
}

void fence_after(Warp& warp, const Instruction& i) {
    if (warp.check != nullptr && warp.active(i) != 0) warp.check->tensor().fence_after(warp);
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

void add_tcgen05_copy_commit_opcodes(OpcodeTable& table) {
    for (const int group : {1, 2}) {
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
