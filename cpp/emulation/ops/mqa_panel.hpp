// Indexer logits of a panel of keys, for the rows of queries in one tile of the tensor cores, by either architecture's
// arithmetic.
#pragma once

#include "emulation/emulation.hpp"
#include "emulation/sm100/f8f6f4_tile.hpp"
#include "emulation/sm90/fp8_tile.hpp"

namespace aotgemm::emulation {

inline constexpr int kMqaFewestHeads = 8;  // of sm_100a

enum class MqaArithmetic { sm90_fp8, sm100_fp8, sm100_fp4 };

// Rows of q and of keys of one instruction of kind mxf4, a byte for each code.
struct Mxf4Rows {
    std::uint8_t q[kFp8TileRows][kMmaMxf4Step], k[kFp8PanelColumns][kMmaMxf4Step];
};

// Scratch memory of one thread.
struct MqaScratch {
    Fp8Scratch fp8;        // of sm_90a
    F8f6f4Scratch f8f6f4;  // of sm_100a; its chain has the dot products in FP4 too
    Mxf4Rows mxf4;
    alignas(64) float logits[kFp8TileRows / kMqaFewestHeads][kFp8PanelColumns];
};

// The operands of a tile: its rows are heads of q, its columns keys. Rows of FP4 have two codes to a byte.
struct MqaOperands {
    MqaArithmetic arithmetic;
    Matrix<const std::uint8_t> q;
    const std::uint32_t* q_scales;  // FP4: four UE8M0 for each row of q
    int heads;
    Matrix<const std::uint8_t> k;
    const void* k_scales;  // of k's first row on: FP32, or FP4's words of four UE8M0
    Matrix<const float> weights;
};

// scratch.logits[i][j] = the logit of the tile's row i of queries and key j.
void compute_mqa_panel(const MqaOperands& operands, const TileOrigin& tile, MqaScratch& scratch);

// Rounds a panel's row into `out`, whose element 0 is that of column 0; only columns [first, last) are written.
void store_mqa_row(const float* logits, int first, int last, void* out, OutType type);

}  // namespace aotgemm::emulation
