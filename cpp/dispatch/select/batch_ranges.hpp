// How a sum over batches is cut into ranges. It is part of the arithmetic: sizes alone may enter.
#pragma once

#include <algorithm>

#include "dispatch/base/checks.hpp"

namespace aotgemm {

constexpr int64_t kRangeTile = 128;   // rows and columns of D
constexpr int64_t kTilesAtOnce = 132;  // as many tiles of all ranges: one for each SM of an H100, of which none waits

// Batches of every range of a sum over `batches` into D [M, N], but for the last, which has the rest.
inline int64_t batches_of_a_range(int64_t batches, int64_t m, int64_t n) {
    const auto tiles_of = [](int64_t extent) { return std::min(ceil_div(extent, kRangeTile), kTilesAtOnce + 1); };
    const int64_t tiles = tiles_of(m) * tiles_of(n);  // or some more than there are at once, where there are many
    const int64_t most = std::max<int64_t>(kTilesAtOnce / std::max<int64_t>(tiles, 1), 1);
    return ceil_div(batches, std::min(most, std::max<int64_t>(batches, 1)));
}

// None of them empty, but for a sum over no batch, which is one range.
inline int64_t batch_ranges(int64_t batches, int64_t m, int64_t n) {
    return batches < 1 ? 1 : ceil_div(batches, batches_of_a_range(batches, m, n));
}

}  // namespace aotgemm
