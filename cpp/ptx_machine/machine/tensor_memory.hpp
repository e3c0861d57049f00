// Tensor memory of a block (PTX ISA, "Tensor Memory"): 128 lanes of 512 columns of 32 bits, and who has allocated which
// columns.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <vector>

namespace aotgemm::ptx_machine {

struct Instruction;
struct Warp;

inline constexpr int kTensorLanes = 128;
inline constexpr int kQuarterLanes = 32;  // that a warp reaches
inline constexpr int kQuarters = kTensorLanes / kQuarterLanes;
inline constexpr std::uint32_t kTensorColumns = 512;
inline constexpr std::uint32_t kLeastAllocation = 32;  // columns

// An allocation or its end, until it can be had: there is room, or the other block of the pair asks too.
struct TensorRequest {
    Warp* warp;
    const Instruction* instruction;
    bool is_release;
    std::uint32_t first, columns;
    int group;
};

class TensorMemory {
 public:
    struct Range {
        std::uint32_t first, columns;
        bool operator==(const Range&) const = default;
    };

    TensorMemory() : words_(kTensorLanes * kTensorColumns, 0xFFFFFFFF) {}  // NaN in every format

    std::uint32_t* lane(int number) { return words_.data() + static_cast<std::size_t>(number) * kTensorColumns; }

    // Whether all these columns are allocated.
    bool holds(std::uint32_t first, std::uint32_t columns) const {
        if (first + columns > kTensorColumns) return false;
        for (std::uint32_t at = first / kLeastAllocation; at * kLeastAllocation < first + columns; ++at)
            if (!taken_[at]) return false;
        return true;
    }
    bool is_free(std::uint32_t first, std::uint32_t columns) const {
        for (std::uint32_t at = first / kLeastAllocation; at * kLeastAllocation < first + columns; ++at)
            if (taken_[at]) return false;
        return true;
    }
    void take(const Range& range) {
        ranges_.push_back(range);
        mark(range, true);
    }
    // False: no allocation is this one.
    bool has(const Range& range) const { return std::find(ranges_.begin(), ranges_.end(), range) != ranges_.end(); }
    void release(const Range& range) {
        std::erase(ranges_, range);
        mark(range, false);
    }
    const std::vector<Range>& ranges() const { return ranges_; }

    std::deque<TensorRequest> requests;
    std::uint32_t last_columns = kTensorColumns;  // of the latest allocation: later ones may not be larger
    bool relinquished = false;
    int allocator = -1;  // the warp that allocates

 private:
    void mark(const Range& range, bool taken) {
        for (std::uint32_t at = range.first; at < range.first + range.columns; at += kLeastAllocation)
            taken_[at / kLeastAllocation] = taken;
    }

    std::vector<std::uint32_t> words_;
    std::array<bool, kTensorColumns / kLeastAllocation> taken_{};
    std::vector<Range> ranges_;
};

}  // namespace aotgemm::ptx_machine
