// How a kernel cuts a problem into tiles: exact where the host knows the sizes, expected where the device alone does.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

inline constexpr int32_t kBytesOfKBlock = 128;

enum class TileGrouping { dense, batched, contiguous, psum, masked, k_grouped, batch_reduced };

// A problem in the numbers that the time model reads. num_sms must be set.
struct Extents {
    explicit Extents(const aotgemm_problem& problem);
    void set_m(int64_t rows);

    TileGrouping grouping;
    int64_t m, n, k, groups;
    int32_t num_sms;
    int32_t element_bytes;  // of A, and of B once it is where the tensor cores read it
    double bytes_of_b;      // of an element of B in device memory
    int32_t out_bytes;      // of D
    bool a_is_k_major;
    int64_t ranges;         // of batches, each with a D of its own; 1 unless batch_reduced
    int64_t k_products;     // K ranges that one tile sums over
    bool may_read_b_again;  // tile rows of one group; the rates of other families were fitted without
};

// What a kernel makes of a problem whatever its M, so that a range of M computes it once.
struct TileShape {
    TileShape(const aotgemm_spec& spec, const Extents& of);

    int32_t block_m, cluster_m, cluster_n;
    int32_t most_blocks;   // at a time
    int64_t columns;       // of tiles
    int64_t past_n;        // columns of D that they have too many
    int64_t k_bytes;       // of a row, of one K range
};

struct TileCounts {
    int64_t tiles;      // of D, those added to fill clusters included; rounded up where only expected
    int64_t waves;      // tiles of the busiest block
    int32_t working;    // blocks that have a tile, at most
    int32_t grid;       // blocks that start
    double k_blocks;    // of 128 bytes, of one tile
    double read_bytes;  // A once, and B as often as it must be read
    double outside_bytes;  // rows past the end of A or B, in all tiles that ask for them
};

TileCounts count_tiles(const TileShape& shape, const Extents& of);

}  // namespace aotgemm
