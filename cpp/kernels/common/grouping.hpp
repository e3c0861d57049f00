// How A, B and D are made of groups.
#pragma once

namespace aotgemm::sm90 {

enum class Grouping {
    dense,       // one group
    batched,     // A and D [G, M, .]: every row counts
    contiguous,  // A and D [M, .]: an index per row, -1 for rows of no group; groups start at multiples of 128 rows
    psum,        // A and D [M, .]: where each group ends; groups start at multiples of 128 rows
    masked,      // A and D [G, M, .]: how many rows of each group count
    k_grouped,   // D [G, M, N]: A and B hold the groups' ranges of K one after the other
    batch_reduced,  // A and B [G, M or N, K]: sums over G as well as K; D [R, M, N] for R ranges of G one after the other
};

// Rows between which groups of a contiguous layout start, so that no tile holds two of them.
constexpr int kGroupAlignment = 128;

template <Grouping kGrouping>
inline constexpr bool kHasGroupDimension =
    kGrouping == Grouping::batched || kGrouping == Grouping::masked || kGrouping == Grouping::batch_reduced;

}  // namespace aotgemm::sm90
