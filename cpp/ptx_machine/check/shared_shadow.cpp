#include "ptx_machine/check/shared_shadow.hpp"

#include <algorithm>

namespace aotgemm::ptx_machine {
namespace {

// Which bytes of a cell an access covers.
std::uint8_t bytes_of_cell(std::uint32_t cell, std::uint32_t address, std::uint32_t bytes) {
    const std::uint32_t first = std::max(address, cell * kCellBytes) % kCellBytes;
    const std::uint32_t end = std::min(address + bytes, (cell + 1) * kCellBytes) - cell * kCellBytes;
    return static_cast<std::uint8_t>((1u << end) - (1u << first));
}

std::uint32_t last_cell(std::uint32_t address, std::uint32_t bytes) { return (address + bytes - 1) / kCellBytes; }

}  // namespace

SharedShadow::SharedShadow(const ClockLayout& layout, std::uint32_t bytes, int first_agent)
    : layout_(layout), first_agent_(first_agent) {
    const std::size_t cells = (bytes + kCellBytes - 1) / kCellBytes;
    write_tick_.assign(cells, 0);
    read_tick_.assign(cells, 0);
    write_component_.assign(cells, kNobody);
    read_component_.assign(cells, kNobody);
    write_lane_.assign(cells, kNoLane);
    read_lane_.assign(cells, kNoLane);
    state_.assign(cells, 0);
    write_statement_.assign(cells, -1);
    more_readers_.assign(cells, 0);
    for (auto& ticks : wgmma_tick_) ticks.assign(cells, 0);
}

Conflict SharedShadow::conflict_with_write(std::uint32_t cell, const Clock& clock, bool is_async) const {
    const std::uint16_t writer = write_component_[cell];
    if (writer == kNobody) return Conflict::none;
    if (clock.known[writer] < write_tick_[cell]) return Conflict::write;
    const bool is_generic = writer < layout_.warps;
    return is_async && is_generic && clock.proxied[writer] < write_tick_[cell] ? Conflict::proxy : Conflict::none;
}

// The lanes of a warp are ordered only where they meet, or where one waits for what another arrives at.
Conflict SharedShadow::conflict_with_other_lane(std::uint32_t cell, const Toucher& by) const {
    const bool is_own = write_component_[cell] == by.warp && write_tick_[cell] > by.met;
    return is_own && write_lane_[cell] != by.lane ? Conflict::lanes : Conflict::none;
}

Conflict SharedShadow::conflict_with_reads(std::uint32_t cell, const Toucher& by) const {
    const auto is_unordered = [&](std::uint16_t component, std::uint32_t tick) {
        return by.clock->known[component] < tick;
    };
    const std::uint16_t reader = read_component_[cell];
    if (reader != kNobody && is_unordered(reader, read_tick_[cell]))
        return is_bulk(reader) ? Conflict::bulk_read : Conflict::read;
    if (more_readers_[cell] != 0) {
        for (const auto& [component, tick] : pool_[more_readers_[cell] - 1])
            if (is_unordered(component, tick)) return is_bulk(component) ? Conflict::bulk_read : Conflict::read;
    }
    for (int group = 0; group < kCheckedWarpgroups; ++group) {
        const std::uint32_t tick = wgmma_tick_[static_cast<std::size_t>(group)][cell];
        for (int warp = 0; tick != 0 && warp < 4; ++warp)
            if (by.clock->known[static_cast<std::size_t>(layout_.wgmma(first_agent_ + group * 4 + warp))] < tick)
                return Conflict::wgmma_read;
    }
    const bool is_own = reader == by.warp && read_tick_[cell] > by.met;
    return is_own && read_lane_[cell] != by.lane ? Conflict::lanes : Conflict::none;
}

Conflict SharedShadow::conflict_of_write(std::uint32_t cell, const Toucher& by) const {
    if ((state_[cell] & kMbarrier) != 0) return Conflict::mbarrier;
    if (!by.is_atomic || (state_[cell] & kAtomic) == 0) {
        const Conflict conflict = conflict_with_write(cell, *by.clock, false);
        if (conflict != Conflict::none) return conflict;
        if (conflict_with_other_lane(cell, by) != Conflict::none) return Conflict::lanes;
    }
    return conflict_with_reads(cell, by);
}

void SharedShadow::note_conflict(Conflict conflict, std::uint32_t cell, Conflict& worst) {
    if (conflict == Conflict::none || worst != Conflict::none) return;
    worst = conflict;
    last_ = earlier_at(cell);
}

void SharedShadow::note_reader(std::uint32_t cell, const Toucher& by) {
    const std::uint16_t before = read_component_[cell];
    if (before == kNobody || before == by.component || by.clock->known[before] >= read_tick_[cell]) {
        const bool same_step = before == by.component && read_tick_[cell] == by.tick;
        read_lane_[cell] = same_step && read_lane_[cell] != by.lane ? kNoLane : by.lane;
        read_component_[cell] = by.component;
        read_tick_[cell] = by.tick;
        return;
    }
    std::uint32_t& more = more_readers_[cell];
    if (more == 0) {
        if (free_.empty()) {
            pool_.emplace_back();
            free_.push_back(static_cast<std::uint32_t>(pool_.size()));
        }
        more = free_.back();
        free_.pop_back();
        pool_[more - 1].clear();
    }
    Readers& readers = pool_[more - 1];
    const auto found =
        std::find_if(readers.begin(), readers.end(), [&](const auto& entry) { return entry.first == by.component; });
    if (found == readers.end()) readers.emplace_back(by.component, by.tick);
    else found->second = by.tick;
}

Conflict SharedShadow::read(std::uint32_t address, std::uint32_t bytes, const Toucher& by) {
    Conflict worst = Conflict::none;
    for (std::uint32_t cell = address / kCellBytes; cell <= last_cell(address, bytes); ++cell) {
        Conflict conflict =
            (state_[cell] & kMbarrier) != 0 ? Conflict::mbarrier : conflict_with_write(cell, *by.clock, by.is_async);
        if (conflict == Conflict::none) conflict = conflict_with_other_lane(cell, by);
        note_conflict(conflict, cell, worst);
        note_reader(cell, by);
    }
    return worst;
}

// Whether what a write to one cell conflicts with, a write to the other does too.
bool SharedShadow::is_as(std::uint32_t cell, std::uint32_t other) const {
    bool same = write_tick_[cell] == write_tick_[other] && write_component_[cell] == write_component_[other] &&
                write_lane_[cell] == write_lane_[other] && (state_[cell] & ~kDefined) == (state_[other] & ~kDefined) &&
                read_tick_[cell] == read_tick_[other] && read_component_[cell] == read_component_[other] &&
                read_lane_[cell] == read_lane_[other] && (more_readers_[cell] | more_readers_[other]) == 0;
    for (const auto& ticks : wgmma_tick_) same = same && ticks[cell] == ticks[other];
    return same;
}

void SharedShadow::note_write(std::uint32_t cell, std::uint8_t bytes, const Toucher& by, bool defined) {
    const auto now = static_cast<std::uint8_t>(defined ? state_[cell] | bytes : state_[cell] & ~bytes);
    state_[cell] = static_cast<std::uint8_t>((now & ~kAtomic) | (by.is_atomic ? kAtomic : 0));
    write_component_[cell] = by.component;
    write_tick_[cell] = by.tick;
    write_lane_[cell] = by.lane;
    write_statement_[cell] = by.statement;
    read_component_[cell] = kNobody;
    read_tick_[cell] = 0;
    read_lane_[cell] = kNoLane;
    if (more_readers_[cell] != 0) free_.push_back(more_readers_[cell]);
    more_readers_[cell] = 0;
    for (auto& ticks : wgmma_tick_) ticks[cell] = 0;
}

Conflict SharedShadow::write(std::uint32_t address, std::uint32_t bytes, const Toucher& by, bool defined) {
    Conflict worst = Conflict::none;
    const std::uint32_t first = address / kCellBytes, last = last_cell(address, bytes);
    for (std::uint32_t cell = first; cell <= last; ++cell)
        if (cell == first || !is_as(cell, cell - 1)) note_conflict(conflict_of_write(cell, by), cell, worst);
    for (std::uint32_t cell = first; cell <= last; ++cell)
        note_write(cell, bytes_of_cell(cell, address, bytes), by, defined);
    return worst;
}

Conflict SharedShadow::read_by_wgmma(std::uint32_t address, std::uint32_t bytes, const Clock& clock, int warpgroup,
                                     std::uint32_t tick) {
    Conflict worst = Conflict::none;
    const std::uint32_t first = address / kCellBytes, last = last_cell(address, bytes);
    std::uint32_t* ticks = wgmma_tick_[static_cast<std::size_t>(warpgroup)].data();
    for (std::uint32_t cell = first; cell <= last; ++cell) {
        ticks[cell] = tick;
        const bool is_as_before = cell != first && write_tick_[cell] == write_tick_[cell - 1] &&
                                  write_component_[cell] == write_component_[cell - 1];
        const bool is_mbarrier = (state_[cell] & kMbarrier) != 0;
        if (is_as_before && !is_mbarrier) continue;
        note_conflict(is_mbarrier ? Conflict::mbarrier : conflict_with_write(cell, clock, true), cell, worst);
    }
    return worst;
}

bool SharedShadow::is_defined(std::uint32_t address, std::uint32_t bytes) const {
    for (std::uint32_t cell = address / kCellBytes; cell <= last_cell(address, bytes); ++cell) {
        const std::uint8_t wanted = bytes_of_cell(cell, address, bytes);
        if ((state_[cell] & wanted) != wanted) return false;
    }
    return true;
}

void SharedShadow::mark_mbarrier(std::uint32_t address, bool is_one) {
    for (std::uint32_t cell = address / kCellBytes; cell <= last_cell(address, 8); ++cell)
        state_[cell] = static_cast<std::uint8_t>(is_one ? state_[cell] | kMbarrier : state_[cell] & ~kMbarrier);
}

bool SharedShadow::knows_mbarrier(std::uint32_t address, const Clock& clock) const {
    const std::uint32_t cell = address / kCellBytes;
    const std::uint16_t writer = write_component_[cell];
    if (writer < layout_.warps && clock.published[writer] >= write_tick_[cell]) return true;
    return conflict_with_write(cell, clock, false) == Conflict::none;
}

}  // namespace aotgemm::ptx_machine
