// What is known of a block's tensor memory: of each column of 16 lanes who wrote it last and who has read it since, and
// of each lane of a column whether what it holds comes from values that something has written.
#pragma once

#include <cstdint>
#include <vector>

#include "ptx_machine/machine/tensor_memory.hpp"
#include "ptx_machine/program/tcgen05.hpp"

namespace aotgemm::ptx_machine {

inline constexpr int kHalfLanes = 16;  // the least group of lanes that instructions tell apart
inline constexpr int kHalves = kTensorLanes / kHalfLanes;
inline constexpr std::uint8_t kAllHalves = 0xFF;

// Columns of a block, and a bit for each 16 lanes.
struct TensorRegion {
    std::uint32_t first, columns;
    std::uint8_t halves;
};

struct TensorAccess {
    TensorAction action = TensorAction::none;
    std::uint16_t agent = 0;
    std::uint32_t tick = 0;  // of ld and st their number in the warp, of mma and cp that of all its mma, cp and commit
    std::uint64_t sums = 0;  // of mma: which accumulators, of which shape and kind
    std::int32_t statement = -1;
};

class TensorShadow {
 public:
    struct Cell {
        TensorAccess writer;
        std::vector<TensorAccess> readers;
    };

    TensorShadow() : cells_(kTensorColumns * kHalves), defined_(kTensorColumns * kQuarters) {}

    // Calls body(cell) for each cell of a region.
    template <class Body>
    void for_each(const TensorRegion& region, Body&& body) {
        for (std::uint32_t column = region.first; column < region.first + region.columns; ++column)
            for (std::uint32_t half = 0; half < kHalves; ++half)
                if (region.halves >> half & 1) body(cells_[column * kHalves + half]);
    }

    // A mask of 32 lanes.
    std::uint32_t& defined(std::uint32_t column, int quarter) {
        return defined_[column * kQuarters + static_cast<std::uint32_t>(quarter)];
    }

    void forget(std::uint32_t first, std::uint32_t columns) {
        for_each({first, columns, kAllHalves}, [](Cell& cell) { cell = {}; });
        for (std::uint32_t column = first; column < first + columns; ++column)
            for (int quarter = 0; quarter < kQuarters; ++quarter) defined(column, quarter) = 0;
    }

 private:
    std::vector<Cell> cells_;
    std::vector<std::uint32_t> defined_;
};

}  // namespace aotgemm::ptx_machine
