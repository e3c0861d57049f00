// mov: registers, constants, addresses, special registers, and halves of a register. cvta, mapa.
#include <cstring>
#include <map>

#include "ptx_machine/machine/machine.hpp"
#include "ptx_machine/ops/lanewise.hpp"
#include "ptx_machine/program/decoder.hpp"

namespace aotgemm::ptx_machine {
namespace {

template <class T>
struct Same {
    static T of(T a) { return a; }
};

enum class Special : std::int64_t {
    tid,
    ntid_x,
    ntid_y,
    ntid_z,
    ctaid_x,
    ctaid_y,
    ctaid_z,
    nctaid_x,
    nctaid_y,
    nctaid_z,
    lane,
    cluster_rank,
    cluster_size,
    ctaid_in_cluster_x,
    ctaid_in_cluster_y,
    ctaid_in_cluster_z,
    nctaid_of_cluster_x,
    nctaid_of_cluster_y,
    nctaid_of_cluster_z,
    cluster_x,
    cluster_y,
    cluster_z,
    clusters_x,
    clusters_y,
    clusters_z
};

const std::map<std::string, Special> kSpecials = {
    {"%tid.x", Special::tid},
    {"%ntid.x", Special::ntid_x},
    {"%ntid.y", Special::ntid_y},
    {"%ntid.z", Special::ntid_z},
    {"%ctaid.x", Special::ctaid_x},
    {"%ctaid.y", Special::ctaid_y},
    {"%ctaid.z", Special::ctaid_z},
    {"%nctaid.x", Special::nctaid_x},
    {"%nctaid.y", Special::nctaid_y},
    {"%nctaid.z", Special::nctaid_z},
    {"%laneid", Special::lane},
    {"%cluster_ctarank", Special::cluster_rank},
    {"%cluster_nctarank", Special::cluster_size},
    {"%cluster_ctaid.x", Special::ctaid_in_cluster_x},
    {"%cluster_ctaid.y", Special::ctaid_in_cluster_y},
    {"%cluster_ctaid.z", Special::ctaid_in_cluster_z},
    {"%cluster_nctaid.x", Special::nctaid_of_cluster_x},
    {"%cluster_nctaid.y", Special::nctaid_of_cluster_y},
    {"%cluster_nctaid.z", Special::nctaid_of_cluster_z},
    {"%clusterid.x", Special::cluster_x},
    {"%clusterid.y", Special::cluster_y},
    {"%clusterid.z", Special::cluster_z},
    {"%nclusterid.x", Special::clusters_x},
    {"%nclusterid.y", Special::clusters_y},
    {"%nclusterid.z", Special::clusters_z},
};

std::uint32_t special_of_block(const Warp& warp, Special which) {
    const Block& block = *warp.block;
    const LaunchShape& shape = machine_of(warp).shape;
    switch (which) {
        case Special::ntid_x: return shape.block[0];
        case Special::ntid_y: return shape.block[1];
        case Special::ntid_z: return shape.block[2];
        case Special::ctaid_x: return block.x;
        case Special::ctaid_y: return block.y;
        case Special::ctaid_z: return block.z;
        case Special::nctaid_x: return shape.grid[0];
        case Special::nctaid_y: return shape.grid[1];
        case Special::nctaid_z: return shape.grid[2];
        case Special::cluster_rank: return block.rank;
        case Special::cluster_size: return shape.blocks_of_cluster();
        case Special::ctaid_in_cluster_x: return block.x % shape.cluster[0];
        case Special::ctaid_in_cluster_y: return block.y % shape.cluster[1];
        case Special::ctaid_in_cluster_z: return block.z % shape.cluster[2];
        case Special::nctaid_of_cluster_x: return shape.cluster[0];
        case Special::nctaid_of_cluster_y: return shape.cluster[1];
        case Special::nctaid_of_cluster_z: return shape.cluster[2];
        case Special::cluster_x: return block.x / shape.cluster[0];
        case Special::cluster_y: return block.y / shape.cluster[1];
        case Special::cluster_z: return block.z / shape.cluster[2];
        case Special::clusters_x: return shape.clusters_along(0);
        case Special::clusters_y: return shape.clusters_along(1);
        case Special::clusters_z: return shape.clusters_along(2);
        default: return 0;
    }
}

void read_special(Warp& warp, const Instruction& i) {
    const auto which = static_cast<Special>(i.value);
    if (which == Special::lane) {
        write_lanes<std::uint32_t>(warp, i, [](int lane) { return static_cast<std::uint32_t>(lane); });
    } else if (which == Special::tid) {
        const auto first = static_cast<std::uint32_t>(warp.index * kLanes);
        write_lanes<std::uint32_t>(warp, i, [&](int lane) { return first + static_cast<std::uint32_t>(lane); });
    } else {
        const std::uint32_t value = special_of_block(warp, which);
        write_lanes<std::uint32_t>(warp, i, [&](int) { return value; });
    }
}

// {low, high} of half the width to one register, and back.
template <class Whole, class Half>
void pack(Warp& warp, const Instruction& i) {
    const auto* low = warp.lanes<Kept<Half>>(i.a);
    const auto* high = warp.lanes<Kept<Half>>(i.b);
    write_lanes<Whole>(warp, i, [&](int lane) {
        return static_cast<Whole>(static_cast<Whole>(high[lane]) << (8 * sizeof(Half)) | static_cast<Half>(low[lane]));
    });
}

template <class Whole, class Half>
void unpack(Warp& warp, const Instruction& i) {
    Whole whole[kLanes];
    std::memcpy(whole, warp.lanes<Whole>(i.a), sizeof(whole));
    const std::uint32_t active = warp.active(i), are_defined = warp.defined[i.a.shadow];
    for (int half = 0; half < 2; ++half) {
        const Place& place = i.details->list[static_cast<std::size_t>(half)];
        auto* to = warp.lanes<Kept<Half>>(place);
        for_each_lane(active, [&](int lane) {
            to[lane] = static_cast<Half>(whole[lane] >> (8 * sizeof(Half) * static_cast<unsigned>(half)));
        });
        warp.define(place, active, are_defined);
    }
}

template <class Whole, class Half>
void decode_move(Decoder& decoder, const Statement& statement, Instruction& out) {
    constexpr RegisterType kWhole = sizeof(Whole) == 8   ? RegisterType::bits64
                                    : sizeof(Whole) == 4 ? RegisterType::bits32
                                                         : RegisterType::bits16;
    constexpr RegisterType kHalf = sizeof(Half) == 4 ? RegisterType::bits32 : RegisterType::bits16;
    decoder.count(statement, 2);
    const Operand& to = statement.operands[0];
    const Operand& from = statement.operands[1];
    if (to.kind == Operand::Kind::vector) {
        out.run = unpack<Whole, Half>;
        out.flags = 0;
        out.a = decoder.source(from, kWhole);
        Details& details = decoder.add_details(out);
        for (const Operand& half : to.parts) details.list.push_back(decoder.destination(half, kHalf));
        return;
    }
    out.to = decoder.destination(to, kWhole);
    if (from.kind == Operand::Kind::vector) {
        out.run = pack<Whole, Half>;
        out.a = decoder.source(from.parts.at(0), kHalf);
        out.b = decoder.source(from.parts.at(1), kHalf);
    } else if (from.kind == Operand::Kind::special) {
        const auto found = kSpecials.find(from.name);
        if (found == kSpecials.end() || kWhole != RegisterType::bits32)
            decoder.fail("unknown special register '" + from.name + "'");
        out.run = read_special;
        out.value = static_cast<std::int64_t>(found->second);
    } else {
        out.run = unary<Whole, Whole, Same<Whole>>;
        out.a = decoder.source(from, kWhole);
    }
}

// From an address among the parameters to one in memory.
void parameter_to_generic(Warp& warp, const Instruction& i) {
    const auto base = reinterpret_cast<std::uint64_t>(machine_of(warp).parameter_bytes());
    const auto* a = warp.lanes<std::uint64_t>(i.a);
    write_lanes<std::uint64_t>(warp, i, [&](int lane) { return a[lane] + base; });
}

// The address of the same place in another block's shared memory.
void map_to_rank(Warp& warp, const Instruction& i) {
    const auto* address = warp.lanes<std::uint32_t>(i.a);
    const auto* rank = warp.lanes<std::uint32_t>(i.b);
    write_lanes<std::uint32_t>(
        warp, i, [&](int lane) { return (address[lane] & kOffsetMask) | rank[lane] << kRankShift; });
}

}  // namespace

void add_move_opcodes(OpcodeTable& table) {
    for (const char* type : {"b16", "u16", "s16"})
        add_lanewise(table, std::string("mov.") + type, "hh", unary<std::uint16_t, std::uint16_t, Same<std::uint16_t>>);
    for (const char* type : {"b32", "u32", "s32", "f32"})
        table[std::string("mov.") + type] = {"", nullptr, decode_move<std::uint32_t, std::uint16_t>, true};
    for (const char* type : {"b64", "u64", "s64", "f64"})
        table[std::string("mov.") + type] = {"", nullptr, decode_move<std::uint64_t, std::uint32_t>, true};
    add_lanewise(table, "cvta.param.u64", "dd", parameter_to_generic);
    for (const char* name : {"cvta.to.global.u64", "cvta.global.u64"})
        add_lanewise(table, name, "dd", unary<std::uint64_t, std::uint64_t, Same<std::uint64_t>>);
    add_lanewise(table, "mapa.shared::cluster.u32", "www", map_to_rank);
}

}  // namespace aotgemm::ptx_machine
