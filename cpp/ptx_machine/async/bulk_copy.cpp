#include "ptx_machine/async/bulk_copy.hpp"

#include <algorithm>
#include <cstring>

#include "emulation/core/formats.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/draw.hpp"
#include "ptx_machine/machine/sync.hpp"

namespace aotgemm::ptx_machine {
namespace {

// A row of a box: where it is in shared memory before the swizzle, where in the tensor, and how much of it lies inside.
// A row with gaps is inside as a whole or not at all.
struct Row {
    std::uint32_t shared;
    std::uint64_t global;
    std::uint32_t first, inside;  // bytes of the row: outside the tensor at its start, inside it after that
};

// Calls body(row) for every row of the copy's box.
template <class Body>
void for_each_row(const BulkCopy& copy, Body&& body) {
    const TensorMap& map = *copy.map;
    const std::int64_t columns = map.box[0], size = map.sizes[0], x = copy.at[0];
    const std::int64_t first = std::clamp<std::int64_t>(-x, 0, columns),
                       end = std::clamp<std::int64_t>(size - x, first, columns);
    for (std::uint32_t number = 0; number < map.rows(); ++number) {
        Row row{copy.shared + number * map.row_bytes(), map.base,
                static_cast<std::uint32_t>(map.global_bytes(static_cast<std::uint64_t>(first))),
                static_cast<std::uint32_t>(map.global_bytes(static_cast<std::uint64_t>(end - first)))};
        std::uint32_t rest = number;
        for (int i = 1; i < map.rank; ++i) {
            const std::int64_t at = copy.at[static_cast<std::size_t>(i)] + static_cast<std::int64_t>(rest % map.box[i]);
            rest /= map.box[i];
            if (at < 0 || at >= static_cast<std::int64_t>(map.sizes[i])) row.inside = 0;
            row.global += static_cast<std::uint64_t>(at) * map.strides[i - 1];
        }
        row.global += map.global_bytes(static_cast<std::uint64_t>(x + first));
        body(row);
    }
}

constexpr std::uint32_t kPiece = 16;  // what a swizzle moves

// Calls body(offset in the row, address in shared memory, bytes) for the pieces of part of a row.
template <class Body>
void for_each_piece(const BulkCopy& copy, const Row& row, std::uint32_t first, std::uint32_t bytes, Body&& body) {
    for (std::uint32_t offset = first; offset < first + bytes;) {
        const std::uint32_t count = std::min(first + bytes - offset, kPiece - offset % kPiece);
        body(offset, swizzled(row.shared + offset, copy.map->swizzle), count);
        offset += count;
    }
}

void want_global(const BulkCopy& copy, const Row& row, bool is_write) {
    if (copy.issuer->check != nullptr && row.inside != 0 &&
        !copy.issuer->check->global_access(*copy.issuer, *copy.instruction, row.global, row.inside, is_write))
        throw GridStopped();
}

// Whether the swizzle moves the pieces of a row within the row, so that a row is one range of memory.
bool is_one_range(const TensorMap& map) { return map.swizzle == 0 || map.row_bytes() == 16u << map.swizzle; }

void round_to_tf32(std::uint8_t (&piece)[kPiece]) {
    std::uint32_t words[kPiece / 4];
    std::memcpy(words, piece, kPiece);
    for (std::uint32_t& word : words) word = emulation::tf32_from_float(word);
    std::memcpy(piece, words, kPiece);
}

constexpr std::uint32_t kGap = 8;

// What gaps hold is not defined: NaN here, whatever is made of it.
void load_row_with_gaps(const BulkCopy& copy, const Row& row, Block& block) {
    Checker* check = copy.issuer->check;
    for (std::uint32_t packed = 0; packed < copy.map->row_bytes() / 2; packed += kGap) {
        const std::uint32_t address = swizzled(row.shared + 2 * packed, copy.map->swizzle);
        std::uint8_t* to = block.shared.data() + address;
        const std::uint64_t from = row.global + packed;
        std::memset(to, 0, kGap);
        std::memset(to + kGap, 0xFF, kGap);
        if (row.inside != 0) std::memcpy(to, reinterpret_cast<const void*>(from), kGap);
        if (check == nullptr) continue;
        const bool defined = row.inside == 0 || check->global_is_defined(*copy.issuer, from, kGap);
        check->copy_writes_shared(copy, block, address, kGap, defined);
        check->copy_writes_shared(copy, block, address + kGap, kGap, false);
    }
}

void load_row(const BulkCopy& copy, const Row& row, Block& block) {
    if (copy.map->has_gaps()) return load_row_with_gaps(copy, row, block);
    Checker* check = copy.issuer->check;
    const bool as_one = check != nullptr && is_one_range(*copy.map) &&
                        (row.inside == 0 || check->global_is_defined(*copy.issuer, row.global, row.inside));
    if (as_one) {
        check->copy_writes_shared(copy, block, row.shared, copy.map->row_bytes(), true);
        check = nullptr;
    }
    for_each_piece(copy, row, 0, copy.map->row_bytes(),
                   [&](std::uint32_t offset, std::uint32_t address, std::uint32_t bytes) {
                       std::uint8_t piece[kPiece] = {};
                       bool defined = true;
                       const std::uint32_t first = std::max(offset, row.first),
                                           end = std::min(offset + bytes, row.first + row.inside);
                       if (first < end) {
                           const std::uint64_t from = row.global + (first - row.first);
                           std::memcpy(piece + (first - offset), reinterpret_cast<const void*>(from), end - first);
                           defined = check == nullptr || check->global_is_defined(*copy.issuer, from, end - first);
                       }
                       if (copy.map->rounds_to_tf32()) round_to_tf32(piece);
                       std::memcpy(block.shared.data() + address, piece, bytes);
                       if (check != nullptr) check->copy_writes_shared(copy, block, address, bytes, defined);
                   });
}

void load(Cluster& cluster, const BulkCopy& copy) {
    bool is_outside = true;
    for_each_row(copy, [&](const Row& row) {
        want_global(copy, row, false);
        is_outside = is_outside && row.inside == 0;
        for (Block& block : cluster.blocks)
            if (copy.blocks >> block.rank & 1) load_row(copy, row, block);
    });
    if (is_outside && copy.issuer->check != nullptr) ++cluster.machine->counts.boxes_outside;
    for (Block& block : cluster.blocks) {
        if ((copy.blocks >> block.rank & 1) == 0) continue;
        Block& counts = cluster.blocks[copy.barrier_rank(block.rank)];
        bring_bytes(copy, counts, *counts.find_mbarrier(copy.barrier), copy.map->loaded_bytes());
    }
}

template <class Element, class Sum>
void add_elements(std::uint8_t* to, const std::uint8_t* from, std::uint32_t bytes, Sum&& sum) {
    for (std::uint32_t at = 0; at < bytes; at += sizeof(Element)) {
        Element a, b;
        std::memcpy(&a, to + at, sizeof(Element));
        std::memcpy(&b, from + at, sizeof(Element));
        a = sum(a, b);
        std::memcpy(to + at, &a, sizeof(Element));
    }
}

// As L2 adds: FP32 and BF16 each round the sum to nearest even (cp.reduce.async.bulk.tensor, .add).
void add_to(std::uint8_t* to, const std::uint8_t* from, std::uint32_t bytes, const TensorMap& map) {
    if (map.is_float32()) return add_elements<float>(to, from, bytes, [](float a, float b) { return a + b; });
    if (!map.is_bfloat16())
        return add_elements<std::uint32_t>(to, from, bytes, [](std::uint32_t a, std::uint32_t b) { return a + b; });
    add_elements<std::uint16_t>(to, from, bytes, [](std::uint16_t a, std::uint16_t b) {
        return emulation::bf16_from_float(emulation::float_from_bf16(a) + emulation::float_from_bf16(b));
    });
}

void store(Cluster& cluster, const BulkCopy& copy) {
    Checker* check = copy.issuer->check;
    Block& block = *copy.issuer->block;
    for_each_row(copy, [&](const Row& row) {
        want_global(copy, row, true);
        for_each_piece(
            copy, row, 0, copy.map->row_bytes(), [&](std::uint32_t offset, std::uint32_t address, std::uint32_t bytes) {
                if (check != nullptr) check->copy_reads_shared(copy, block, address, bytes);
                const std::uint32_t first = std::max(offset, row.first),
                                    end = std::min(offset + bytes, row.first + row.inside);
                if (first >= end) return;
                const std::uint64_t to = row.global + (first - row.first);
                const std::uint8_t* from = block.shared.data() + address + (first - offset);
                const bool was_defined = copy.kind != CopyKind::add || check == nullptr ||
                                         check->global_is_defined(*copy.issuer, to, end - first);
                auto* const bytes_there = reinterpret_cast<std::uint8_t*>(to);
                if (copy.kind == CopyKind::add) add_to(bytes_there, from, end - first, *copy.map);
                else std::memcpy(bytes_there, from, end - first);
                if (check == nullptr) return;
                const bool defined =
                    was_defined && check->shared_is_defined(block, address + (first - offset), end - first);
                check->global_define(*copy.issuer, to, end - first, defined);
                if (!defined)
                    cluster.machine->report(
                        *copy.issuer, *copy.instruction, "uninitialised",
                        "a bulk store sends shared memory at " + std::to_string(address) +
                            " that nothing has written, or adds to such global memory",
                        "Write the whole box, or let it end at the tensor's edge.");
            });
    });
}

}  // namespace

const TensorMap& tensor_map_at(const Warp& warp, std::uint64_t address) {
    Machine& machine = machine_of(warp);
    const auto first = reinterpret_cast<std::uint64_t>(machine.parameter_bytes());
    const bool is_parameter = address >= first && address + 128 <= first + warp.program->parameter_bytes;
    const bool is_global = !is_parameter && machine.memory->find(address, 128) != nullptr;
    if (address % 64 != 0 || (!is_parameter && !is_global))
        stop(warp, "tma", "there is no tensor map at the address",
             "Pass a __grid_constant__ CUtensorMap, 64 bytes aligned.");
    const auto& map = *reinterpret_cast<const TensorMap*>(address);
    if (map.magic != TensorMap::kMagic)
        stop(warp, "tma", "the 128 bytes at the address are no encoded tensor map",
             "Encode it with cuTensorMapEncodeTiled.");
    return map;
}

void issue_copy(Warp& warp, BulkCopy copy) {
    Cluster& cluster = *warp.block->cluster;
    Machine& machine = machine_of(warp);
    ++machine.counts.copies;
    copy.done_at = warp.step + kCopySteps;
    draw_copy(copy);
    if (warp.check != nullptr) {
        copy.clock = warp.check->clock(warp);
        copy.met = warp.check->met(warp);
        warp.check->step(warp);
    }
    cluster.copies.push_back(std::move(copy));
    if (machine.options.schedule.timing == AsyncTiming::at_once) take_effect(cluster, cluster.copies.size() - 1);
}

void take_effect(Cluster& cluster, std::size_t place) {
    const BulkCopy copy = std::move(cluster.copies[place]);
    cluster.copies.erase(cluster.copies.begin() + static_cast<std::ptrdiff_t>(place));
    copy.is_load() ? load(cluster, copy) : store(cluster, copy);
}

void commit_stores(Warp& warp, std::uint32_t lanes) {
    for_each_lane(lanes, [&](int lane) {
        const std::uint32_t group = ++warp.bulk_groups[lane];
        for (BulkStore& store : warp.bulk)
            if (store.lane == lane && store.group == 0) store.group = group;
    });
}

void wait_for_stores(Warp& warp, std::uint32_t lanes, std::uint32_t pending) {
    Cluster& cluster = *warp.block->cluster;
    const auto is_awaited = [&](const BulkStore& store) {
        return (lanes >> store.lane & 1) && store.group != 0 && store.group + pending <= warp.bulk_groups[store.lane];
    };
    for (std::size_t i = 0; i < cluster.copies.size();) {
        const BulkCopy& copy = cluster.copies[i];
        const bool awaited = !copy.is_load() && copy.issuer == &warp &&
                             std::any_of(warp.bulk.begin(), warp.bulk.end(), [&](const BulkStore& store) {
                                 return store.tick == copy.tick && is_awaited(store);
                             });
        if (awaited) take_effect(cluster, i);
        else ++i;
    }
    std::erase_if(warp.bulk, is_awaited);
    if (warp.check == nullptr) return;
    std::uint32_t known = warp.bulk_ticks;
    for (const BulkStore& store : warp.bulk) known = std::min(known, store.tick - 1);
    warp.check->bulk_is_read(warp, known);
}

}  // namespace aotgemm::ptx_machine
