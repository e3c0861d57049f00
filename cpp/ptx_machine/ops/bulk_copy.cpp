// cp.async.bulk.tensor: loads, multicast loads, stores, and groups of stores.
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
    if (copy.at[0] * std::int64_t{copy.map->element_bytes} % 16 != 0)
        stop(warp, "tma",
             "the box starts at element " + std::to_string(copy.at[0]) + " of a row, no multiple of 16 bytes",
             "Start it at the multiple before, and leave out what comes first.");
    copy.shared = shared;
    if (shared % copy.map->box_alignment() != 0)
        stop(warp, "tma",
             "the box lies at " + std::to_string(shared) + " in shared memory, no multiple of " +
                 std::to_string(copy.map->box_alignment()),
             "128 bytes are wanted, and where the map swizzles the span of its pattern.");
    if (shared < kSharedBase || shared + copy.map->box_bytes() > warp.block->shared.size())
        stop(warp, "bounds",
             "a box of " + std::to_string(copy.map->box_bytes()) + " bytes at " + std::to_string(shared) +
                 " is outside the block's shared memory",
             "Check the address, the map's box, and the bytes of dynamic shared memory at the launch.");
    return copy;
}

void load(Warp& warp, const Instruction& i) {
    const Details& details = *i.details;
    for_each_lane(warp.active(i), [&](int lane) {
        const SharedPlace to =
            shared_place(warp, warp.lanes<std::uint32_t>(i.to)[lane] + static_cast<std::uint32_t>(i.value));
        const SharedPlace barrier = shared_place(warp, warp.lanes<std::uint32_t>(i.b)[lane]);
        want_defined(warp, i.to, lane, "the address");
        BulkCopy copy = copy_of(warp, i, lane, i.a, to.address);
        if (to.block != barrier.block)
            stop(warp, "tma", "the box goes to one block and its bytes count at another",
                 "Give a barrier of the same block.");
        copy.barrier = barrier.address;
        copy.blocks = 1u << to.block->rank;
        if (details.is_multicast) copy.blocks = warp.lanes<std::uint32_t>(i.c)[lane] & 0xFFFF;
        Cluster& cluster = *warp.block->cluster;
        if (copy.blocks == 0 || copy.blocks >> cluster.blocks.size() != 0)
            stop(warp, "tma",
                 "the multicast mask is " + std::to_string(copy.blocks) + " in a cluster of " +
                     std::to_string(cluster.blocks.size()),
                 "Name blocks of the cluster.");
        for (Block& block : cluster.blocks)
            if (copy.blocks >> block.rank & 1) mbarrier_at(warp, i, {&block, copy.barrier}, true);
        issue_copy(warp, std::move(copy));
    });
}

void store(Warp& warp, const Instruction& i) {
    for_each_lane(warp.active(i), [&](int lane) {
        BulkCopy copy = copy_of(warp, i, lane, i.a, warp.lanes<std::uint32_t>(i.b)[lane]);
        want_defined(warp, i.b, lane, "the address");
        for (int d = 0; d < copy.map->rank; ++d) {
            const std::int32_t at = copy.at[static_cast<std::size_t>(d)];
            if (at < 0)
                report(warp, "tma",
                       "a store's box starts at " + std::to_string(at) + " in dimension " + std::to_string(d),
                       "Start it inside the tensor: only its end may be cut.");
        }
        copy.is_store = true;
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

// [shared], [map, {coordinates}], [barrier] {, mask} {, policy}
void decode_load(Decoder& decoder, const Statement& statement, Instruction& out, int dimensions, bool is_multicast,
                 bool has_hint) {
    decoder.count(statement, 3u + is_multicast + has_hint);
    Instruction barrier;
    out.b = decoder.address(statement.operands[2], barrier);
    if (barrier.value != 0) decoder.fail("an offset of the barrier");
    decode_coordinates(decoder, statement.operands[1], dimensions, out).is_multicast = is_multicast;
    out.to = decoder.address(statement.operands[0], out);
    if (is_multicast) out.c = decoder.source(statement.operands[3], RegisterType::bits16);
    if (has_hint) decoder.source(statement.operands.back(), RegisterType::bits64);
}

// [map, {coordinates}], [shared]
void decode_store(Decoder& decoder, const Statement& statement, Instruction& out, int dimensions) {
    decoder.count(statement, 2);
    decode_coordinates(decoder, statement.operands[0], dimensions, out);
    out.b = decoder.address(statement.operands[1], out);
    if (out.value != 0) decoder.fail("an offset in shared memory");
}

void add_loads(OpcodeTable& table, int dimensions) {
    const std::string name =
        "cp.async.bulk.tensor." + std::to_string(dimensions) + "d.shared::cluster.global.mbarrier::complete_tx::bytes";
    for (const bool is_multicast : {false, true}) {
        for (const bool has_hint : {false, true}) {
            const std::string all =
                name + (is_multicast ? ".multicast::cluster" : "") + (has_hint ? ".L2::cache_hint" : "");
            table[all] = {"", load,
                          [=](Decoder& d, const Statement& s, Instruction& out) {
                              decode_load(d, s, out, dimensions, is_multicast, has_hint);
                          },
                          false};
        }
    }
}

}  // namespace

void add_bulk_copy_opcodes(OpcodeTable& table) {
    for (int dimensions = 1; dimensions <= 5; ++dimensions) {
        add_loads(table, dimensions);
        table["cp.async.bulk.tensor." + std::to_string(dimensions) + "d.global.shared::cta.bulk_group"] = {
            "", store, [=](Decoder& d, const Statement& s, Instruction& out) { decode_store(d, s, out, dimensions); },
            false};
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
