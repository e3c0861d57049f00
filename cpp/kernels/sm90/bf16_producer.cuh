// The producer of bf16: one thread that keeps the ring of stages full.
#pragma once

#include "sm90/bf16_config.cuh"
#include "sm90/bf16_params.hpp"
#include "sm90/ring.cuh"
#include "sm90/stage_cursor.cuh"
#include "sm90/tile_order.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct Bf16Producer {
    const Bf16GemmParams& params;
    uint32_t shared;  // start of dynamic shared memory
    uint32_t rank;    // in the cluster
    StageCursor<Config::kStages> at;

    __device__ __forceinline__ void run(TileOrder<Config::kClusterM, Config::kClusterN> order) {
        while (order.advance(rank)) {
            for (int32_t k = 0; k < params.k; k += Config::kBlockK) {
                fill(order.m * Config::kBlockM, order.n * Config::kBlockN, k);
            }
        }
    }

   private:
    __device__ __forceinline__ void fill(int32_t row, int32_t column, int32_t k) {
        const Ring<Config> ring{shared};
        const uint32_t full = ring.full(at.stage);
        ptx::mbarrier_wait(ring.empty(at.stage), at.parity ^ 1);
        ptx::mbarrier_arrive_expect(full, Config::kStageBytes);
        const uint32_t to_a = shared + Config::kOffsetA + at.stage * Config::kBytesA;
        const uint32_t to_b = shared + Config::kOffsetB + at.stage * Config::kBytesB;
#pragma unroll
        for (int slice = 0; slice < Config::kSlices; ++slice) {
            const int32_t slice_k = k + slice * kBf16Slice;
            Config::A::template load<Config::kClusterN>(to_a + slice * Config::A::kSliceBytes, &params.a, full, row, slice_k,
                                                        rank, false);
            Config::B::template load<Config::kClusterM>(to_b + slice * Config::B::kSliceBytes, &params.b, full, column,
                                                        slice_k, rank, params.stream_b != 0);
        }
        at.advance();
    }
};

}  // namespace aotgemm::sm90
