// The B scales of fp8_1d2d. They have any strides, which a tensor map does not allow, so one warp brings them: a lane
// reads the scales of one K block in 32, coalesced and a round ahead, and puts them into its stage in turn.
#pragma once

#include "ptx/mbarrier.cuh"
#include "sm90/fp8_1d2d_config.cuh"
#include "sm90/fp8_1d2d_params.hpp"
#include "sm90/stage_cursor.cuh"
#include "sm90/tile_order.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct Fp8ScaleProducer {
    static constexpr int kLanes = 32, kScales = Config::kScalesB;
    static_assert(kLanes % Config::kSlices == 0);

    const Fp8Gemm1d2dParams& params;
    uint32_t shared;  // start of dynamic shared memory
    uint32_t rank;    // in the cluster
    int lane;
    const float* of_group;  // B scales of the tile's group
    StageCursor<Config::kStages> at;

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
            const int32_t count = min(params.k_blocks - first, kLanes);
            for (int32_t slice = 0; slice < count; slice += Config::kSlices) fill_stage(lane - slice, scales);
            scales = next;
        }
    }

    // A tile may end inside its first 128 columns, and a round past K: what is read in place of those is not used.
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

    __device__ __forceinline__ void fill_stage(int slice, const Scales& scales) {
        const uint32_t full = shared + Config::kOffsetBarriers + at.stage * 16, empty = full + 8;
        ptx::mbarrier_wait(empty, at.parity ^ 1);
        if (slice >= 0 && slice < Config::kSlices) {
            const uint32_t to = shared + Config::kOffsetScalesB + at.stage * Config::kPitchScalesB + slice * kScales * 4;
#pragma unroll
            for (int i = 0; i < kScales; ++i) {
                asm volatile("st.shared.f32 [%0], %1;" ::"r"(to + 4 * i), "f"(scales.of[i]) : "memory");
            }
            ptx::mbarrier_arrive(full);
        }
        at.advance();
    }
};

}  // namespace aotgemm::sm90
