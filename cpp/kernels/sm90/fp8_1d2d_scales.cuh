// The B scales of fp8_1d2d. They have any strides, which a tensor map does not allow, so one warp brings them: a lane
// reads the scales of one K block in 32, coalesced and a chunk ahead. Chunks of 32 K blocks have a ring of their own: a
// consumer waits for one in 32 stages, and the copies of A and B wait for no scale. Without any scales of B the kernels
// of 256x128 and 128x192 tiles were 2 to 4% faster than with the scales in each stage (H100 80GB HBM3, 2026-11-24,
// 4096 x 7168 x 16384 and 8192 x 8192 x 8192): that is what there is to win.
#pragma once

#include "ptx/mbarrier.cuh"
#include "sm90/fp8_1d2d_config.cuh"
#include "sm90/fp8_1d2d_params.hpp"
#include "sm90/tile_order.cuh"

namespace aotgemm::sm90 {

// Counts the chunks of every tile that a block computes, in order.
template <class Config>
struct ScaleChunk {
    uint32_t shared;  // start of dynamic shared memory
    uint32_t count = 0;

    __device__ __forceinline__ uint32_t slot() const { return count % Config::kScaleChunks; }
    __device__ __forceinline__ uint32_t parity() const { return count / Config::kScaleChunks & 1; }
    __device__ __forceinline__ uint32_t full() const { return shared + Config::kOffsetScaleBarriers + slot() * 16; }
    __device__ __forceinline__ uint32_t empty() const { return full() + 8; }
    // The scales of K block k of the tile, one after another.
    __device__ __forceinline__ uint32_t scales(int32_t k) const {
        return shared + Config::kOffsetScalesB + (slot() * 32 + k % 32) * (Config::kScalesB * 4);
    }

    // By one thread, before any other uses the barriers.
    __device__ __forceinline__ void init() const {
        for (int i = 0; i < Config::kScaleChunks; ++i) {
            ptx::mbarrier_init(shared + Config::kOffsetScaleBarriers + i * 16, 32);
            ptx::mbarrier_init(shared + Config::kOffsetScaleBarriers + i * 16 + 8, Config::kConsumers * 128);
        }
    }
};

template <class Config>
struct Fp8ScaleProducer {
    static constexpr int kLanes = 32, kScales = Config::kScalesB;

    const Fp8Gemm1d2dParams& params;
    ScaleChunk<Config> at;
    uint32_t rank;  // in the cluster
    int lane;
    const float* of_group;  // B scales of the tile's group

    template <class Order>
    __device__ __forceinline__ void run(Order order) {
        while (order.advance(rank)) {
            if constexpr (Config::kGrouping != Grouping::dense) of_group = params.sfb + order.tile.group * params.sfb_group_stride;
            fill_tile(order.tile.n * Config::kBlockN / 128);
        }
    }

   private:
    struct Scales {
        float of[kScales];
    };

    __device__ __forceinline__ void fill_tile(int32_t scale_row) {
        Scales scales = read(scale_row, 0);
        for (int32_t first = 0; first < params.k_blocks; first += kLanes) {
            const Scales next = read(scale_row, first + kLanes);
            write(scales);
            scales = next;
        }
    }

    // A tile may end inside its first 128 columns, and a chunk past K: what is read in place of those is not used.
    __device__ __forceinline__ Scales read(int32_t scale_row, int32_t first) const {
        const int64_t column = min(first + lane, params.k_blocks - 1);
        Scales scales;
#pragma unroll
        for (int i = 0; i < kScales; ++i) {
            const int64_t row = min(scale_row + i, params.sfb_rows - 1);
            scales.of[i] = of_group[row * params.sfb_row_stride + column * params.sfb_column_stride];
        }
        return scales;
    }

    __device__ __forceinline__ void write(const Scales& scales) {
        ptx::mbarrier_wait(at.empty(), at.parity() ^ 1);
        const uint32_t to = at.scales(lane);
#pragma unroll
        for (int i = 0; i < kScales; ++i) {
            asm volatile("st.shared.f32 [%0], %1;" ::"r"(to + 4 * i), "f"(scales.of[i]) : "memory");
        }
        ptx::mbarrier_arrive(at.full());
        ++at.count;
    }
};

}  // namespace aotgemm::sm90
