// Arguments, launch shape and shared memory of the tf32_hc_prenorm_gemm kernels, shared by host and device.
#pragma once

#include <cuda.h>

#include <cstdint>

namespace aotgemm::sm90 {

constexpr int kPrenormBlockK = 64;    // elements of K in a stage: 128 bytes of a row of A, 256 of a row of B
constexpr int kPrenormMostRows = 64;  // of A in a tile: the M of wgmma
constexpr int kPrenormWarpRows = 16;  // of those that one warp holds
constexpr int kPrenormColumnStep = 8;
constexpr int kPrenormMostColumns = 32;

struct HcPrenormParams {
    CUtensorMap a;  // in boxes of tile_rows x kPrenormBlockK; not read if there are no K blocks
    const float* b;
    float* d;
    float* sqr_sum;
    int64_t b_row_stride, d_row_stride, d_split_stride;  // in elements; a split of sqr_sum has m
    int32_t m;
    int32_t k_blocks, splits;
    int32_t tile_rows;  // 16, 32 or 64
    int32_t tiles;      // along M
};

// One work item is a tile of rows in one split.
constexpr int64_t prenorm_items(const HcPrenormParams& params) { return int64_t{params.tiles} * params.splits; }

// Stages in shared memory; the loader warps hold as many K blocks of B in registers as B has stages.
constexpr int kPrenormStagesA = 16, kPrenormStagesB = 8;
constexpr int kPrenormStageBytesA = kPrenormMostRows * kPrenormBlockK * 2;
constexpr int prenorm_stage_bytes_b(int columns) { return columns * kPrenormBlockK * 4; }
constexpr int prenorm_shared_bytes(int columns) {
    constexpr int kBarriers = 16;  // bytes of a stage's two
    return kPrenormStagesA * (kPrenormStageBytesA + kBarriers) +
           kPrenormStagesB * (prenorm_stage_bytes_b(columns) + kBarriers);
}

// Threads: a consumer warpgroup, the producer warp of A, and a loader warp for each eight rows of B.
constexpr int prenorm_threads(int columns) { return 128 + 32 + columns / kPrenormColumnStep * 32; }

}  // namespace aotgemm::sm90
