#include "ptx_machine/async/tensor_transfer.hpp"

#include "ptx_machine/async/tensor_pipe.hpp"
#include "ptx_machine/check/checker.hpp"
#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {
namespace {

struct Spot {
    int lane, column;
};

// Where register `number` of a thread is, in columns of 32 bits from the address.
Spot spot_of(const Tcgen05& how, int thread, int number) {
    const TensorUnit unit = unit_of(how.shape);
    const int first = number / unit.registers * unit.columns, r = number % unit.registers;
    switch (how.shape) {
        case TensorShape::by32x32b: return {thread, first};
        case TensorShape::by16x64b: return {8 * (thread % 2) + thread / 4, first + thread / 2 % 2};
        case TensorShape::by16x128b: return {thread / 4 + 8 * r, first + thread % 4};
        case TensorShape::by16x256b: return {thread / 4 + 8 * (r / 2), first + 2 * (thread % 4) + r % 2};
        case TensorShape::by16x32bx2: return {thread % kHalfLanes, first};
    }
    return {};
}

// Where the lanes of the warp's address start in its quarter: 0, or 16 for shapes of 16 lanes.
int lane_offset(const Warp& warp, const Instruction& i, std::uint32_t address) {
    const auto lane = static_cast<int>(tensor_lane(address));
    const int quarter = lane / kQuarterLanes, within = lane % kQuarterLanes;
    const bool is_reached = lane < kTensorLanes && (quarter == 0 || quarter == warp.index % kQuarters);
    const bool is_start =
        within == 0 || (within == kHalfLanes && unit_of(i.details->tcgen05.shape).lanes == kHalfLanes);
    if (!is_reached || !is_start)
        machine_of(warp).stop(
            warp, i, "tcgen05",
            "lane " + std::to_string(lane) + " of tensor memory is no start for warp " + std::to_string(warp.index),
            "A warp reaches the 32 lanes from 32 * (warp % 4) on; shapes of 16 lanes may start in "
            "their middle.");
    return warp.index % kQuarters * kQuarterLanes + within;
}

// Calls body(register, thread, lane, column) for every 32 bits of a register, or both halves of it.
template <class Body>
void for_each_spot(const Warp& warp, const TensorTransfer& transfer, Body&& body) {
    const Tcgen05& how = transfer.instruction->details->tcgen05;
    const int first_lane = lane_offset(warp, *transfer.instruction, transfer.address);
    const auto first = static_cast<int>(tensor_column(transfer.address));
    for (int number = 0; number < registers_of(how); ++number)
        for (int thread = 0; thread < kLanes; ++thread) {
            const Spot spot = spot_of(how, thread, number);
            const int second = how.shape == TensorShape::by16x32bx2 && thread >= kHalfLanes ? how.second_column : 0;
            body(number, thread, first_lane + spot.lane, first + second + spot.column * (how.packs ? 2 : 1));
        }
}

std::uint32_t bit_of(int lane) { return 1u << lane % kQuarterLanes; }

}  // namespace

TensorUnit unit_of(TensorShape shape) {
    switch (shape) {
        case TensorShape::by32x32b: return {32, 1, 1, 128};
        case TensorShape::by16x64b: return {16, 1, 2, 128};
        case TensorShape::by16x128b: return {16, 2, 4, 64};
        case TensorShape::by16x256b: return {16, 4, 8, 32};
        case TensorShape::by16x32bx2: return {16, 1, 1, 128};
    }
    return {};
}

int registers_of(const Tcgen05& how) { return unit_of(how.shape).registers * how.repeats; }

std::vector<TensorRegion> regions_of_transfer(const Warp& warp, const Instruction& i, std::uint32_t address) {
    const Tcgen05& how = i.details->tcgen05;
    const TensorUnit unit = unit_of(how.shape);
    const int half = lane_offset(warp, i, address) / kHalfLanes;
    const auto halves = static_cast<std::uint8_t>((unit.lanes == kHalfLanes ? 1 : 3) << half);
    const auto columns = static_cast<std::uint32_t>(unit.columns * how.repeats * (how.packs ? 2 : 1));
    std::vector<TensorRegion> regions{{tensor_column(address), columns, halves}};
    if (how.shape == TensorShape::by16x32bx2)
        regions.push_back({tensor_column(address) + static_cast<std::uint32_t>(how.second_column), columns, halves});
    for (const TensorRegion& region : regions) want_allocated(warp, i, *warp.block, region.first, region.columns);
    return regions;
}

TensorTransfer store_of(Warp& warp, const Instruction& i, std::uint32_t address) {
    TensorTransfer store{&i, address, false, {}, {}};
    for (const Place& place : i.details->list) {
        const auto* lanes = warp.lanes<std::uint32_t>(place);
        store.values.insert(store.values.end(), lanes, lanes + kLanes);
        store.defined.push_back(warp.defined[place.shadow]);
    }
    return store;
}

void run_load(Warp& warp, const TensorTransfer& load) {
    const Instruction& i = *load.instruction;
    TensorShadow* shadow = warp.check == nullptr ? nullptr : &warp.check->tensor().shadow(*warp.block);
    std::vector<std::uint32_t> defined(i.details->list.size());
    for_each_spot(warp, load, [&](int number, int thread, int lane, int column) {
        const auto place = static_cast<std::size_t>(number);
        const std::uint32_t* cells = warp.block->tensor_memory->lane(lane) + column;
        const bool packs = i.details->tcgen05.packs;
        warp.lanes<std::uint32_t>(i.details->list[place])[thread] =
            packs ? (cells[0] & 0xFFFF) | cells[1] << 16 : cells[0];
        if (shadow == nullptr) return;
        const auto at = static_cast<std::uint32_t>(column);
        std::uint32_t known = shadow->defined(at, lane / kQuarterLanes);
        if (packs) known &= shadow->defined(at + 1, lane / kQuarterLanes);
        if ((known & bit_of(lane)) != 0) defined[place] |= 1u << thread;
    });
    for (std::size_t place = 0; place < defined.size(); ++place)
        warp.define(i.details->list[place], ~0u, shadow == nullptr ? ~0u : defined[place]);
}

void run_store(Warp& warp, const TensorTransfer& store) {
    const bool unpacks = store.instruction->details->tcgen05.packs;
    TensorShadow* shadow = warp.check == nullptr ? nullptr : &warp.check->tensor().shadow(*warp.block);
    for_each_spot(warp, store, [&](int number, int thread, int lane, int column) {
        const std::uint32_t value = store.values[static_cast<std::size_t>(number * kLanes + thread)];
        std::uint32_t* cells = warp.block->tensor_memory->lane(lane) + column;
        cells[0] = unpacks ? value & 0xFFFF : value;
        if (unpacks) cells[1] = value >> 16;
        if (shadow == nullptr) return;
        const bool is_defined = store.defined[static_cast<std::size_t>(number)] >> thread & 1;
        for (int next = 0; next <= static_cast<int>(unpacks); ++next) {
            std::uint32_t& known = shadow->defined(static_cast<std::uint32_t>(column + next), lane / kQuarterLanes);
            known = is_defined ? known | bit_of(lane) : known & ~bit_of(lane);
        }
    });
}

}  // namespace aotgemm::ptx_machine
