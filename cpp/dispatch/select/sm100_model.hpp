// How long a kernel of sm_100a takes, from published facts alone: for kernels that were never measured.
#pragma once

#include "aotgemm/aotgemm.h"
#include "dispatch/select/tile_counts.hpp"

namespace aotgemm {

// Whether the facts are of the device's architecture.
bool has_sm100_model(const aotgemm_device& device);

// What a block of a kernel takes whatever the problem. Blocks of a cluster are a pair: each has its own 128 rows of the
// instruction's M side, and half of the operand on its N side.
struct Sm100Tile {
    explicit Sm100Tile(const aotgemm_spec& spec);

    double k_block_cycles;  // of the tensor core, for 128 bytes of K
    double rows_a, rows_b;  // that the block loads
    bool shares_a;          // with the other block of the pair
    double epilogue_cycles;
};

struct Sm100Time {
    double us;
    double computing_us;  // of the busiest block: the tensor core or the loads from the L2, then one epilogue
    double memory_us;     // A and B read once, D written
    bool loads_bound;     // the L2 is slower than the tensor core
    double tensor_share;  // of the tensor cores' peak that all of the time uses, where every row and column counts
};

Sm100Time predict_sm100(const Sm100Tile& tile, const TileCounts& counts, const Extents& of, const aotgemm_device& device);

}  // namespace aotgemm
