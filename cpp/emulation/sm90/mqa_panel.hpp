// Indexer logits of a panel of keys, for the rows of queries in one tile of the tensor cores.
#pragma once

#include "emulation/emulation.hpp"
#include "emulation/sm90/fp8_tile.hpp"

namespace aotgemm::emulation {

inline constexpr int kMqaFewestHeads = 16;

// Scratch memory of one thread.
struct MqaScratch {
    Fp8Scratch fp8;
    alignas(64) float logits[kFp8TileRows / kMqaFewestHeads][kFp8PanelColumns];
};

// The operands of a tile: its rows are heads of q, its columns keys.
struct MqaOperands {
    Matrix<const std::uint8_t> q;
    int heads;
    Matrix<const std::uint8_t> k;
    const float* k_scales;  // of k's first row on
    Matrix<const float> weights;
};

// scratch.logits[i][j] = the logit of the tile's row i of queries and key j.
void compute_mqa_panel(const MqaOperands& operands, const TileOrigin& tile, MqaScratch& scratch);

// Rounds a panel's row into `out`, whose element 0 is that of column 0; only columns [first, last) are written.
void store_mqa_row(const float* logits, int first, int last, void* out, OutType type);

}  // namespace aotgemm::emulation
