// What is known of each 4 bytes of a block's shared memory: who wrote them last, who has read them since, which of the
// bytes were ever written. Each fact has an array of its own, since most accesses ask for one or two of them.
#pragma once

#include <array>
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

enum class Conflict : std::uint8_t { none, write, read, wgmma_read, bulk_read, proxy, lanes, mbarrier };

// What a conflict is about.
struct Earlier {
    std::uint16_t writer = kNobody, reader = kNobody;  // components
    std::int32_t write_statement = -1;
};

// Who touches shared memory, and what it knows.
struct Toucher {
    const Clock* clock;
    std::uint16_t component;
    std::uint32_t tick;
    std::uint8_t lane;
    bool is_async;      // through the async proxy
    int warp;           // whose lane it is, or who issued it: an agent
    std::uint32_t met;  // up to which of its own steps the lanes of that warp have met
    std::int32_t statement;
    bool is_atomic = false;
};

class SharedShadow {
   public:
    SharedShadow(const ClockLayout& layout, std::uint32_t bytes, int first_agent);

    Conflict read(std::uint32_t address, std::uint32_t bytes, const Toucher& by);
    Conflict write(std::uint32_t address, std::uint32_t bytes, const Toucher& by, bool defined);
    // A wgmma of a warpgroup, `tick` in its order, reads.
    Conflict read_by_wgmma(std::uint32_t address, std::uint32_t bytes, const Clock& clock, int warpgroup,
                           std::uint32_t tick);
    bool is_defined(std::uint32_t address, std::uint32_t bytes) const;
    void mark_mbarrier(std::uint32_t address, bool is_one);
    // Whether who knows this much knows that the mbarrier at an address is initialised.
    bool knows_mbarrier(std::uint32_t address, const Clock& clock) const;
    Earlier earlier(std::uint32_t address) const { return earlier_at(address / kCellBytes); }
    // What the last conflict was about.
    const Earlier& last() const { return last_; }

   private:
    using Readers = std::vector<std::pair<std::uint16_t, std::uint32_t>>;
    enum State : std::uint8_t { kDefined = 0xF, kMbarrier = 0x10, kAtomic = 0x20 };  // a bit for each defined byte

    Earlier earlier_at(std::uint32_t cell) const {
        return {write_component_[cell], read_component_[cell], write_statement_[cell]};
    }
    Conflict conflict_with_write(std::uint32_t cell, const Clock& clock, bool is_async) const;
    Conflict conflict_with_other_lane(std::uint32_t cell, const Toucher& by) const;
    Conflict conflict_with_reads(std::uint32_t cell, const Toucher& by) const;
    Conflict conflict_of_write(std::uint32_t cell, const Toucher& by) const;
    bool is_as(std::uint32_t cell, std::uint32_t other) const;
    void note_reader(std::uint32_t cell, const Toucher& by);
    void note_write(std::uint32_t cell, std::uint8_t bytes, const Toucher& by, bool defined);
    void note_conflict(Conflict conflict, std::uint32_t cell, Conflict& worst);
    bool is_bulk(std::uint16_t component) const {
        return component >= layout_.bulk(0) && component < layout_.mbarrier(0);
    }

    ClockLayout layout_;
    int first_agent_;
    // By cell.
    std::vector<std::uint32_t> write_tick_, read_tick_;
    std::vector<std::uint16_t> write_component_, read_component_;
    std::vector<std::uint8_t> write_lane_, read_lane_, state_;
    std::vector<std::int32_t> write_statement_;
    std::vector<std::uint32_t> more_readers_;  // index into pool_ + 1
    std::array<std::vector<std::uint32_t>, kCheckedWarpgroups> wgmma_tick_;
    std::vector<Readers> pool_;
    std::vector<std::uint32_t> free_;
    Earlier last_;
};

}  // namespace aotgemm::ptx_machine
