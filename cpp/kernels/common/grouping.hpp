// How A, B and D are made of groups.
#pragma once

namespace aotgemm::sm90 {

enum class Grouping {
    dense,       // one group
    batched,     // A and D [G, M, .]: every row counts
    contiguous,  // A and D [M, .]: an index per row, -1 for padding; groups start at multiples of 128 rows
    psum,        // A and D [M, .]: where each group ends; groups start at multiples of an alignment, padding between
    masked,      // A and D [G, M, .]: how many rows of each group count
    k_grouped,   // D [G, M, N]: A and B hold the groups' ranges of K one after the other
    batch_reduced,  // A and B [G, M or N, K]: sums over G as well as K; D [R, M, N] for R ranges of G one after the other
};

// A span: rows between which groups of a contiguous layout start, so that no tile holds two of them. With psum it is
// the default alignment; with another one a group's last tile may reach into the next group's rows.
constexpr int kGroupAlignment = 128;

// The TMA starts a box at a multiple of 16 bytes of a row, which are so many scales of A's rows (H200, 2026-11-28:
// CUDA_ERROR_ILLEGAL_INSTRUCTION elsewhere).
constexpr int kRowsOfBoxStart = 4;

// Whether a tile may hold rows of D that are not its group's.
template <Grouping kGrouping>
inline constexpr bool kHasOtherRows =
    kGrouping == Grouping::contiguous || kGrouping == Grouping::psum || kGrouping == Grouping::masked;

// Whether padding becomes zeros: in a span with a row of a group or, with psum, after a group up to its aligned end.
template <Grouping kGrouping>
inline constexpr bool kZeroesPadding = kGrouping == Grouping::contiguous || kGrouping == Grouping::psum;

// Whether the producer leaves out the rows of A that a second warpgroup alone would read where it has none of its group:
// half a tile. In the contiguous layout the producer does not know.
constexpr bool leaves_out_half_of_a(Grouping grouping, int block_m, bool swap_ab, int cluster) {
    const bool knows_rows = grouping == Grouping::psum || grouping == Grouping::masked;
    return knows_rows && !swap_ab && cluster == 1 && (block_m == 128 || block_m == 256);
}

template <Grouping kGrouping>
inline constexpr bool kHasGroupDimension =
    kGrouping == Grouping::batched || kGrouping == Grouping::masked || kGrouping == Grouping::batch_reduced;

}  // namespace aotgemm::sm90
