// Arguments, launch shape and shared memory of the tf32_hc_prenorm_gemm kernels of sm_90a, shared by host and device.
#pragma once

#include "sm90/tf32_hc_prenorm_gemm/params.hpp"

namespace aotgemm::sm90 {

constexpr int kPrenormStageBlocks = 2;    // K blocks in a stage
constexpr int kPrenormChunkColumns = 32;  // FP32 of B in one 128-byte row of shared memory
constexpr int kPrenormStageChunks = kPrenormStageBlocks * kPrenormBlockK / kPrenormChunkColumns;

// Rows of a tile that a warp has, and a warpgroup. In wgmma a warp has 16; half of them are zeros, so that a thread has
// half as many elements to convert between two groups of wgmma.
constexpr int kPrenormRowsOfWarp = 8, kPrenormGroupRows = 4 * kPrenormRowsOfWarp;

// Consumer warpgroups of a thread block, and its threads with the producer warp.
constexpr int prenorm_warpgroups(int tile_rows) { return tile_rows > kPrenormGroupRows ? 2 : 1; }
constexpr int prenorm_block_threads(int tile_rows) { return prenorm_warpgroups(tile_rows) * 128 + 32; }
constexpr int kPrenormBlockThreads = prenorm_block_threads(kPrenormMostRows);

struct HcPrenormTileParams {
    HcPrenormParams call;
    CUtensorMap b;  // as TFLOAT32, so that the TMA rounds, in boxes of N x kPrenormChunkColumns
};

// Shared memory: stages, A before B in each, then barriers.
constexpr int kPrenormRoomOfStages = 224 * 1024, kPrenormMostStages = 16;
constexpr int kPrenormSharedBytes = kPrenormRoomOfStages + kPrenormMostStages * 16;

}  // namespace aotgemm::sm90
