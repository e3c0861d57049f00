// cp.async.bulk.tensor: loads, multicast loads, loads of a pair of blocks, stores, additions, and groups of stores.
#include "ptx_machine/async/bulk_copy.hpp"

#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/sync.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

void want_defined(Warp& warp, const Place& place, int lane, const char* what) {
    if (warp.check != nullptr && !(warp.defined[place.shadow] >> lane & 1))
        report(warp, "uninitialised", std::string(what) + " of a bulk copy depends on a value that nothing has written",
               "Initialise the value.");
}

// What the hardware wants: a swizzle goes by the address, wherever a box starts (CUDA C++ Programming Guide, "Swizzle
// modes"). CUTLASS 4.2's blockwise kernels have boxes at odd multiples of 512 bytes.
constexpr std::uint32_t kBoxAlignment = 128;

// The parts that loads and stores have in common: map, coordinates, address in shared memory.
BulkCopy copy_of(Warp& warp, const Instruction& i, int lane, const Place& map, std::uint32_t shared) {
    BulkCopy copy;
    copy.instruction = &i;
    copy.issuer = &warp;
    copy.lane = lane;
    copy.map = &tensor_map_at(warp, warp.lanes<std::uint64_t>(map)[lane]);
    const std::vector<Place>& at = i.details->list;
    if (static_cast<int>(at.size()) != copy.map->rank)
        stop(warp, "tma",
             "the copy has " + std::to_string(at.size()) + " dimensions, its tensor map " +
                 std::to_string(copy.map->rank),
             "Use the map of this tensor.");
    for (std::size_t d = 0; d < at.size(); ++d) {
        want_defined(warp, at[d], lane, "a coordinate");
        copy.at[d] = warp.lanes<std::int32_t>(at[d])[lane];
    }
    if (copy.at[0] % copy.map->start_alignment() != 0)
        stop(warp, "tma",
             "the box starts at element " + std::to_string(copy.at[0]) + " of a row, no multiple of " +
                 std::to_string(copy.map->start_alignment()),
             "Start it at the multiple before, and leave out what comes first.");
    copy.shared = shared;
    const std::uint32_t alignment = machine_of(warp).options.strict ? copy.map->box_alignment() : kBoxAlignment;
    if (shared % alignment != 0)
        stop(warp, "tma",
             "the box lies at " + std::to_string(shared) + " in shared memory, no multiple of " +
                 std::to_string(alignment),
             "128 bytes are wanted, and in kernels of our own, where the map swizzles, the span of its pattern.");
    if (shared < kSharedBase || shared + copy.map->box_bytes() > warp.block->shared.size())
        stop(warp, "bounds",
             "a box of " + std::to_string(copy.map->box_bytes()) + " bytes at " + std::to_string(shared) +
                 " is outside the block's shared memory",
             "Check the address, the map's box, and the bytes of dynamic shared memory at the launch.");
    return copy;
}

// Box and barrier of a load with .cta_group::2 are in one pair of neighbours.
void want_pair(Warp& warp, const Details& details, const SharedPlace& to, const SharedPlace& barrier) {
    if (!details.is_of_pair) return;
    const std::size_t blocks = warp.block->cluster->blocks.size();
    if (blocks % 2 != 0 || to.block->rank / 2 != barrier.block->rank / 2)
        stop(warp, "tma",
             "a load of a pair goes to block " + std::to_string(to.block->rank) + " and its bytes count at block " +
                 std::to_string(barrier.block->rank) + ", in a cluster of " + std::to_string(blocks),
             "Pairs are blocks 0 and 1, 2 and 3, and so on: give a barrier of the same pair.");
}

void load(Warp& warp, const Instruction& i) {
    const Details& details = *i.details;
    for_each_lane(warp.active(i), [&](int lane) {
        const SharedPlace to = shared_place(warp, shared_address(warp, i.to, lane, i.value));
        const SharedPlace barrier = shared_place(warp, shared_address(warp, i.b, lane, 0));
        want_defined(warp, i.to, lane, "the address");
        BulkCopy copy = copy_of(warp, i, lane, i.a, to.address);
        if (details.is_of_pair) copy.barrier_parity = static_cast<int>(barrier.block->rank & 1);
        else if (to.block != barrier.block)
            stop(warp, "tma", "the box goes to one block and its bytes count at another",
                 "Give a barrier of the same block, or load with .cta_group::2.");
        copy.barrier = barrier.address;
        copy.blocks = 1u << to.block->rank;
        if (details.is_multicast) copy.blocks = warp.lanes<std::uint32_t>(i.c)[lane] & 0xFFFF;
        Cluster& cluster = *warp.block->cluster;
        want_pair(warp, details, to, barrier);
        if (copy.blocks == 0 || copy.blocks >> cluster.blocks.size() != 0)
            stop(warp, "tma",
                 "the multicast mask is " + std::to_string(copy.blocks) + " in a cluster of " +
                     std::to_string(cluster.blocks.size()),
                 "Name blocks of the cluster.");
        for (Block& block : cluster.blocks)
            if (copy.blocks >> block.rank & 1)
                mbarrier_at(warp, i, {&cluster.blocks[copy.barrier_rank(block.rank)], copy.barrier}, true);
        issue_copy(warp, std::move(copy));
    });
}

void want_storable(Warp& warp, const BulkCopy& copy) {
    if (copy.map->has_gaps())
        stop(warp, "tma", "4-bit elements with gaps are stored", "A map of type 16U4_ALIGN16B is for loads alone.");
    for (int d = 0; d < copy.map->rank; ++d) {
        const std::int32_t at = copy.at[static_cast<std::size_t>(d)];
        if (at < 0)
            report(warp, "tma", "a store's box starts at " + std::to_string(at) + " in dimension " + std::to_string(d),
                   "Start it inside the tensor: only its end may be cut.");
    }
    if (copy.kind != CopyKind::add) return;
    if (!copy.map->is_float32() && !copy.map->is_bfloat16() && !copy.map->is_integer32())
        stop(warp, "tma",
             "the machine adds FP32, BF16 and 32-bit integers, not data type " + std::to_string(copy.map->type),
             "Store, or add one of these.");
    if (machine_of(warp).options.strict)
        report(warp, "tma", "a bulk copy adds to global memory, in an order that nobody fixes",
               "Add in registers, and store.");
}

template <CopyKind kKind>
void store(Warp& warp, const Instruction& i) {
    for_each_lane(warp.active(i), [&](int lane) {
        BulkCopy copy = copy_of(warp, i, lane, i.a, own_shared_offset(warp, shared_address(warp, i.b, lane, 0)));
        want_defined(warp, i.b, lane, "the address");
        copy.kind = kKind;
        want_storable(warp, copy);
        copy.tick = ++warp.bulk_ticks;
        warp.bulk.push_back({lane, copy.tick});
        issue_copy(warp, std::move(copy));
    });
}

void commit(Warp& warp, const Instruction& i) { commit_stores(warp, warp.active(i)); }
void wait_read(Warp& warp, const Instruction& i) {
    wait_for_stores(warp, warp.active(i), static_cast<std::uint32_t>(i.value));
}

Details& decode_coordinates(Decoder& decoder, const Operand& tensor, int dimensions, Instruction& out) {
    if (tensor.kind != Operand::Kind::address || tensor.parts.size() != 2)
        decoder.fail("expected [map, {coordinates}]");
    out.a = decoder.source(tensor.parts[0], RegisterType::bits64);
    if (static_cast<int>(tensor.parts[1].parts.size()) != dimensions)
        decoder.fail("expected " + std::to_string(dimensions) + " coordinates");
    Details& details = decoder.add_details(out);
    for (const Operand& part : tensor.parts[1].parts)
        details.list.push_back(decoder.source(part, RegisterType::bits32));
    return details;
}

struct LoadForm {
    int dimensions;
    bool is_multicast, has_hint, is_of_pair;
};

// [shared], [map, {coordinates}], [barrier] {, mask} {, policy}
void decode_load(Decoder& decoder, const Statement& statement, Instruction& out, const LoadForm& form) {
    decoder.count(statement, 3u + form.is_multicast + form.has_hint);
    Instruction barrier;
    out.b = decoder.address(statement.operands[2], barrier);
    if (barrier.value != 0) decoder.fail("an offset of the barrier");
    Details& details = decode_coordinates(decoder, statement.operands[1], form.dimensions, out);
    details.is_multicast = form.is_multicast;
    details.is_of_pair = form.is_of_pair;
    out.to = decoder.address(statement.operands[0], out);
    if (form.is_multicast) out.c = decoder.source(statement.operands[3], RegisterType::bits16);
    if (form.has_hint) decoder.source(statement.operands.back(), RegisterType::bits64);
}

// [map, {coordinates}], [shared]
void decode_store(Decoder& decoder, const Statement& statement, Instruction& out, int dimensions) {
    const bool has_hint = statement.opcode.ends_with(".L2::cache_hint");
    decoder.count(statement, 2u + has_hint);
    if (has_hint) decoder.source(statement.operands[2], RegisterType::bits64);
    decode_coordinates(decoder, statement.operands[0], dimensions, out);
    out.b = decoder.address(statement.operands[1], out);
    if (out.value != 0) decoder.fail("an offset in shared memory");
}

void add_load(OpcodeTable& table, const std::string& name, const LoadForm& form) {
    table[name] = {
        "", load, [=](Decoder& d, const Statement& s, Instruction& out) { decode_load(d, s, out, form); }, false};
}

// The pair's modifier stands where CuTe writes it, or where the PTX ISA does.
void add_loads(OpcodeTable& table, int dimensions) {
    const std::string start = "cp.async.bulk.tensor." + std::to_string(dimensions) + "d",
                      end = ".shared::cluster.global.mbarrier::complete_tx::bytes";
    for (const bool is_multicast : {false, true}) {
        for (const bool has_hint : {false, true}) {
            const std::string multicast = is_multicast ? ".multicast::cluster" : "",
                              hint = has_hint ? ".L2::cache_hint" : "";
            add_load(table, start + end + multicast + hint, {dimensions, is_multicast, has_hint, false});
            for (const std::string& name : {start + ".cta_group::2" + end + multicast + hint,
                                            start + end + multicast + ".cta_group::2" + hint})
                add_load(table, name, {dimensions, is_multicast, has_hint, true});
        }
    }
}

void add_stores(OpcodeTable& table, int dimensions) {
    const std::string form = std::to_string(dimensions) + "d.global.shared::cta.";
    const auto decode = [=](Decoder& d, const Statement& s, Instruction& out) { decode_store(d, s, out, dimensions); };
    for (const char* hint : {"", ".L2::cache_hint"}) {
        const std::string end = std::string("bulk_group") + hint;
        table["cp.async.bulk.tensor." + form + end] = {"", store<CopyKind::store>, decode, false};
        table["cp.reduce.async.bulk.tensor." + form + "add." + end] = {"", store<CopyKind::add>, decode, false};
    }
}

}  // namespace

void add_bulk_copy_opcodes(OpcodeTable& table) {
    for (int dimensions = 1; dimensions <= 5; ++dimensions) {
        add_loads(table, dimensions);
        add_stores(table, dimensions);
    }
    table["cp.async.bulk.commit_group"] = {"", commit,
                                           [](Decoder& d, const Statement& s, Instruction&) { d.count(s, 0); }, false};
    const auto decode_wait = [](Decoder& d, const Statement& s, Instruction& out) {
        d.count(s, 1);
        out.value = d.immediate(s.operands[0]);
    };
    // Without ".read" the stores' results are there too. Here a store reads and writes at one time.
    table["cp.async.bulk.wait_group.read"] = {"", wait_read, decode_wait, false};
    table["cp.async.bulk.wait_group"] = {"", wait_read, decode_wait, false};
}

}  // namespace aotgemm::ptx_machine
