// The producer of bf16: one thread that keeps the ring of stages full.
#pragma once

#include "ptx/mbarrier.cuh"
#include "sm90/bf16_config.cuh"
#include "sm90/bf16_params.hpp"
#include "sm90/ring.cuh"
#include "sm90/stage_cursor.cuh"
#include "sm90/tile_order.cuh"

namespace aotgemm::sm90 {

// The part of K that a tile sums over.
struct KRange {
    int32_t start, size;
};
template <class Config, class Order>
__device__ __forceinline__ KRange k_range(const Bf16GemmParams& params, const Order& order) {
    if constexpr (Config::kGrouping == Grouping::k_grouped) {
        return {order.k_start, order.k_size};
    } else {
        return {0, params.k};
    }
}

template <class Config>
struct Bf16Producer {
    const Bf16GemmParams& params;
    uint32_t shared;  // start of dynamic shared memory
    uint32_t rank;    // in the cluster
    StageCursor<Config::kStages> at;

    // By one thread, or by a warp of which one lane is the leader where the order needs all of them.
    template <class Order>
    __device__ __forceinline__ void run(Order order, bool leader) {
        while (order.advance(rank)) {
            if (leader) {
                const KRange range = k_range<Config>(params, order);
                for (int32_t k = 0; k < range.size; k += Config::kBlockK) fill(order.tile, range.start + k);
            }
            if constexpr (Order::kWarpWide) __syncwarp();
        }
    }

   private:
    __device__ __forceinline__ void fill(const Tile& tile, int32_t k) {
        const Ring<Config> ring{shared};
        const uint32_t full = ring.full(at.stage);
        ptx::mbarrier_wait(ring.empty(at.stage), at.parity ^ 1);
        ptx::mbarrier_arrive_expect(full, Config::kStageBytes);
        const uint32_t to_a = shared + Config::kOffsetA + at.stage * Config::kBytesA;
        const uint32_t to_b = shared + Config::kOffsetB + at.stage * Config::kBytesB;
#pragma unroll
        for (int slice = 0; slice < Config::kSlices; ++slice) {
            const int32_t slice_k = k + slice * kBf16Slice;
            Config::A::template load<Config::kClusterN>(to_a + slice * Config::A::kSliceBytes, &params.a, full, tile.row,
                                                        slice_k, tile.group, rank, false);
            Config::B::template load<Config::kClusterM>(to_b + slice * Config::B::kSliceBytes, &params.b, full,
                                                        tile.n * Config::kBlockN, slice_k, tile.group, rank,
                                                        params.stream_b != 0);
        }
        at.advance();
    }
};

}  // namespace aotgemm::sm90
