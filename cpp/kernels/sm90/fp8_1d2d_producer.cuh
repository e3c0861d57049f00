// The producer of fp8_1d2d: one thread that keeps the ring of stages full. B scales come from fp8_1d2d_scales.cuh.
#pragma once

#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/fp8_1d2d_config.cuh"
#include "sm90/fp8_1d2d_params.hpp"
#include "sm90/stage_cursor.cuh"
#include "sm90/tile_order.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct Fp8Producer {
    using Order = TileOrder<Config::kClusterM, Config::kClusterN>;

    const Fp8Gemm1d2dParams& params;
    uint32_t shared;  // start of dynamic shared memory
    uint32_t rank;    // in the cluster
    StageCursor<Config::kStages> at;
    uint64_t policy = 0;  // of the L2, for a B that is streamed

    __device__ __forceinline__ void run(Order order) {
        policy = ptx::stream_policy();
        while (order.advance(rank)) {
            for (int32_t k_block = 0; k_block < params.k_blocks; k_block += Config::kSlices) {
                fill(order.m, order.n, k_block);
            }
        }
    }

   private:
    __device__ __forceinline__ void fill(int32_t tile_m, int32_t tile_n, int32_t k_block) {
        const uint32_t full = shared + Config::kOffsetBarriers + at.stage * 16, empty = full + 8;
        ptx::mbarrier_wait(empty, at.parity ^ 1);
        ptx::mbarrier_arrive_expect(full, Config::kStageBytes);
        const int32_t row = tile_m * Config::kBlockM, column = tile_n * Config::kBlockN;
        const uint32_t shared_a = shared + Config::kOffsetA + at.stage * Config::kBytesA;
        const uint32_t shared_b = shared + Config::kOffsetB + at.stage * Config::kBytesB;
        load<Config::kBlockM, Config::kClusterN>(shared_a, &params.a, full, k_block, row, false);
        load<Config::kBlockN, Config::kClusterM>(shared_b, &params.b, full, k_block, column, params.stream_b != 0);
        ptx::tma_load(shared + Config::kOffsetScalesA + at.stage * Config::kPitchScalesA, &params.sfa, full, row,
                      k_block);
        at.advance();
    }

    // A tile of kTileRows x kBlockK, a slice of 128 columns at a time; what lies past K arrives as zeros. Where kShare
    // blocks of the cluster need the same tile, each fetches its part for all.
    template <int kTileRows, int kShare>
    __device__ __forceinline__ void load(uint32_t to, const CUtensorMap* map, uint32_t full, int32_t k_block,
                                         int32_t row, bool stream) {
        constexpr int kPart = kTileRows / kShare;
#pragma unroll
        for (int slice = 0; slice < Config::kSlices; ++slice) {
            const int32_t column = (k_block + slice) * 128;
            const uint32_t slice_to = to + slice * kTileRows * 128;
            if constexpr (kShare == 1) {
                if (stream) {
                    ptx::tma_load(slice_to, map, full, column, row, policy);
                } else {
                    ptx::tma_load(slice_to, map, full, column, row);
                }
            } else {
                constexpr uint16_t kEveryone = (1 << kShare) - 1;
                ptx::tma_load_multicast(slice_to + rank * kPart * 128, map, full, column, row + rank * kPart, kEveryone);
            }
        }
    }
};

}  // namespace aotgemm::sm90
