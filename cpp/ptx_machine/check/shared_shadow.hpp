// What is known of each 4 bytes of a block's shared memory: who wrote them last, who has read them since, which of the
// bytes were ever written.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ptx_machine/check/clock.hpp"

namespace aotgemm::ptx_machine {

inline constexpr std::uint32_t kCellBytes = 4;
inline constexpr int kCheckedWarpgroups = 3;  // that issue wgmma
inline constexpr std::uint16_t kNobody = 0xFFFF;
inline constexpr std::uint8_t kNoLane = 0xFF;

struct Cell {
    std::uint32_t write_tick = 0, read_tick = 0;
    std::uint16_t write_component = kNobody, read_component = kNobody;
    std::uint8_t write_lane = kNoLane, read_lane = kNoLane;
    std::uint8_t defined = 0;        // a bit a byte
    bool is_mbarrier = false;
    bool is_atomic = false;          // the last write was: atomics need no order among themselves
    std::int32_t write_statement = -1;
    std::uint32_t more_readers = 0;  // index into SharedShadow's pool + 1
    std::uint32_t wgmma_tick[kCheckedWarpgroups] = {};
};

enum class Conflict : std::uint8_t { none, write, read, wgmma_read, bulk_read, proxy, lanes, mbarrier };

// Who touches shared memory, and what it knows.
struct Toucher {
    const Clock* clock;
    std::uint16_t component;
    std::uint32_t tick;
    std::uint8_t lane;
    bool is_async;  // through the async proxy
    int warp;                 // whose lane it is, or who issued it: an agent
    std::uint32_t met;        // up to which of its own steps the lanes of that warp have met
    std::int32_t statement;
    bool is_atomic = false;
};

class SharedShadow {
   public:
    SharedShadow(const ClockLayout& layout, std::uint32_t bytes, int first_agent, int warps);

    Conflict read(std::uint32_t address, std::uint32_t bytes, const Toucher& by);
    Conflict write(std::uint32_t address, std::uint32_t bytes, const Toucher& by, bool defined);
    // A wgmma of a warpgroup, `tick` in its order, reads.
    Conflict read_by_wgmma(std::uint32_t address, std::uint32_t bytes, const Clock& clock, int warpgroup, std::uint32_t tick);
    bool is_defined(std::uint32_t address, std::uint32_t bytes) const;
    void mark_mbarrier(std::uint32_t address, bool is_one);
    // The cell that the last conflict was about.
    const Cell& last() const { return last_; }
    const Cell& cell(std::uint32_t address) const { return cells_[address / kCellBytes]; }
    bool contains(std::uint32_t address, std::uint32_t bytes) const {
        return address + std::uint64_t{bytes} <= std::uint64_t{cells_.size()} * kCellBytes;
    }

   private:
    using Readers = std::vector<std::pair<std::uint16_t, std::uint32_t>>;

    Conflict conflict_with_write(const Cell& cell, const Clock& clock, bool is_async) const;
    Conflict conflict_with_other_lane(const Cell& cell, const Toucher& by) const;
    Conflict conflict_with_reads(const Cell& cell, const Toucher& by) const;
    void note_reader(Cell& cell, const Toucher& by);
    bool is_bulk(std::uint16_t component) const {
        return component >= layout_.bulk(0) && component < layout_.mbarrier(0);
    }

    ClockLayout layout_;
    int first_agent_, warps_;
    std::vector<Cell> cells_;
    std::vector<Readers> pool_;
    std::vector<std::uint32_t> free_;
    Cell last_;
};

}  // namespace aotgemm::ptx_machine
