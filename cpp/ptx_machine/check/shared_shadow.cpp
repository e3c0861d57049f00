#include "ptx_machine/check/shared_shadow.hpp"

#include <algorithm>

namespace aotgemm::ptx_machine {

SharedShadow::SharedShadow(const ClockLayout& layout, std::uint32_t bytes, int first_agent, int warps)
    : layout_(layout), first_agent_(first_agent), warps_(warps), cells_((bytes + kCellBytes - 1) / kCellBytes) {}

Conflict SharedShadow::conflict_with_write(const Cell& cell, const Clock& clock, bool is_async) const {
    if (cell.write_component == kNobody) return Conflict::none;
    if (clock.known[cell.write_component] < cell.write_tick) return Conflict::write;
    const bool is_generic = cell.write_component < layout_.warps;
    if (is_async && is_generic && clock.proxied[cell.write_component] < cell.write_tick) return Conflict::proxy;
    return Conflict::none;
}

Conflict SharedShadow::conflict_with_reads(const Cell& cell, const Toucher& by) const {
    const auto is_unordered = [&](std::uint16_t component, std::uint32_t tick) {
        return by.clock->known[component] < tick;
    };
    if (cell.read_component != kNobody && is_unordered(cell.read_component, cell.read_tick))
        return is_bulk(cell.read_component) ? Conflict::bulk_read : Conflict::read;
    if (cell.more_readers != 0) {
        for (const auto& [component, tick] : pool_[cell.more_readers - 1])
            if (is_unordered(component, tick)) return is_bulk(component) ? Conflict::bulk_read : Conflict::read;
    }
    for (int group = 0; group < kCheckedWarpgroups; ++group) {
        if (cell.wgmma_tick[group] == 0) continue;
        for (int warp = 0; warp < 4; ++warp)
            if (by.clock->known[layout_.wgmma(first_agent_ + group * 4 + warp)] < cell.wgmma_tick[group])
                return Conflict::wgmma_read;
    }
    const bool is_own = cell.read_component == by.warp && cell.read_tick > by.met;
    return is_own && cell.read_lane != by.lane ? Conflict::lanes : Conflict::none;
}

// The lanes of a warp are ordered only where they meet, or where one waits for what another arrives at.
Conflict SharedShadow::conflict_with_other_lane(const Cell& cell, const Toucher& by) const {
    const bool is_own = cell.write_component == by.warp && cell.write_tick > by.met;
    return is_own && cell.write_lane != by.lane ? Conflict::lanes : Conflict::none;
}

void SharedShadow::note_reader(Cell& cell, const Toucher& by) {
    if (cell.read_component == kNobody || cell.read_component == by.component ||
        by.clock->known[cell.read_component] >= cell.read_tick) {
        const bool same_step = cell.read_component == by.component && cell.read_tick == by.tick;
        cell.read_lane = same_step && cell.read_lane != by.lane ? kNoLane : by.lane;
        cell.read_component = by.component;
        cell.read_tick = by.tick;
        return;
    }
    if (cell.more_readers == 0) {
        if (free_.empty()) {
            pool_.emplace_back();
            free_.push_back(static_cast<std::uint32_t>(pool_.size()));
        }
        cell.more_readers = free_.back();
        free_.pop_back();
        pool_[cell.more_readers - 1].clear();
    }
    Readers& readers = pool_[cell.more_readers - 1];
    const auto found = std::find_if(readers.begin(), readers.end(), [&](const auto& entry) { return entry.first == by.component; });
    if (found == readers.end()) {
        readers.emplace_back(by.component, by.tick);
    } else {
        found->second = by.tick;
    }
}

Conflict SharedShadow::read(std::uint32_t address, std::uint32_t bytes, const Toucher& by) {
    Conflict worst = Conflict::none;
    for (std::uint32_t i = address / kCellBytes; i <= (address + bytes - 1) / kCellBytes; ++i) {
        Cell& cell = cells_[i];
        Conflict conflict = cell.is_mbarrier ? Conflict::mbarrier : conflict_with_write(cell, *by.clock, by.is_async);
        if (conflict == Conflict::none) conflict = conflict_with_other_lane(cell, by);
        if (conflict != Conflict::none && worst == Conflict::none) {
            worst = conflict;
            last_ = cell;
        }
        note_reader(cell, by);
    }
    return worst;
}

Conflict SharedShadow::write(std::uint32_t address, std::uint32_t bytes, const Toucher& by, bool defined) {
    Conflict worst = Conflict::none;
    for (std::uint32_t i = address / kCellBytes; i <= (address + bytes - 1) / kCellBytes; ++i) {
        Cell& cell = cells_[i];
        Conflict conflict = cell.is_mbarrier ? Conflict::mbarrier : Conflict::none;
        if (conflict == Conflict::none && !(by.is_atomic && cell.is_atomic)) {
            conflict = conflict_with_write(cell, *by.clock, false);
            if (conflict == Conflict::none) conflict = conflict_with_other_lane(cell, by);
        }
        if (conflict == Conflict::none) conflict = conflict_with_reads(cell, by);
        if (conflict != Conflict::none && worst == Conflict::none) {
            worst = conflict;
            last_ = cell;
        }
        const std::uint32_t first = std::max(address, i * kCellBytes) % kCellBytes;
        const std::uint32_t end = std::min(address + bytes, (i + 1) * kCellBytes) - i * kCellBytes;
        const auto mask = static_cast<std::uint8_t>((1u << end) - (1u << first));
        cell.defined = static_cast<std::uint8_t>(defined ? cell.defined | mask : cell.defined & ~mask);
        cell.is_atomic = by.is_atomic;
        cell.write_component = by.component;
        cell.write_tick = by.tick;
        cell.write_lane = by.lane;
        cell.write_statement = by.statement;
        cell.read_component = kNobody;
        if (cell.more_readers != 0) free_.push_back(cell.more_readers);
        cell.more_readers = 0;
        std::fill(std::begin(cell.wgmma_tick), std::end(cell.wgmma_tick), 0);
    }
    return worst;
}

Conflict SharedShadow::read_by_wgmma(std::uint32_t address, std::uint32_t bytes, const Clock& clock, int warpgroup,
                                     std::uint32_t tick) {
    Conflict worst = Conflict::none;
    std::uint32_t write_tick = 0;  // with kNobody: a cell that nobody has written conflicts with nothing
    std::uint16_t component = kNobody;
    for (std::uint32_t i = address / kCellBytes; i <= (address + bytes - 1) / kCellBytes; ++i) {
        Cell& cell = cells_[i];
        cell.wgmma_tick[warpgroup] = tick;
        if (cell.write_component == component && cell.write_tick == write_tick && !cell.is_mbarrier) continue;  // as its neighbour
        component = cell.write_component;
        write_tick = cell.write_tick;
        const Conflict conflict = cell.is_mbarrier ? Conflict::mbarrier : conflict_with_write(cell, clock, true);
        if (conflict != Conflict::none && worst == Conflict::none) {
            worst = conflict;
            last_ = cell;
        }
    }
    return worst;
}

bool SharedShadow::is_defined(std::uint32_t address, std::uint32_t bytes) const {
    for (std::uint32_t i = address / kCellBytes; i <= (address + bytes - 1) / kCellBytes; ++i) {
        const std::uint32_t first = std::max(address, i * kCellBytes) % kCellBytes;
        const std::uint32_t end = std::min(address + bytes, (i + 1) * kCellBytes) - i * kCellBytes;
        const std::uint32_t mask = (1u << end) - (1u << first);
        if ((cells_[i].defined & mask) != mask) return false;
    }
    return true;
}

void SharedShadow::mark_mbarrier(std::uint32_t address, bool is_one) {
    for (std::uint32_t i = address / kCellBytes; i < (address + 8) / kCellBytes; ++i) cells_[i].is_mbarrier = is_one;
}

}  // namespace aotgemm::ptx_machine
