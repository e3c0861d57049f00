// B's scales per 128x128 block. They may have any strides, which a tensor map does not allow, so each consumer warp
// loads them itself: each lane those of one K block of a chunk of 32, coalesced and a chunk ahead, and a shuffle
// broadcasts them. When a warp of the producer's warpgroup wrote them to shared memory, with a barrier for each chunk,
// the loop over K of a 128x192 tile took 4.6% longer than with constant scales (H100 80GB HBM3, 2026-11-24, 4096 x 7168
// x 16384, cycles without the loads of A and B).
#pragma once

#include <cstdint>

#include "common/grouping.hpp"
#include "sm90/schedule/dense_scheduler.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct BlockScalesB {
    using Params = typename Config::Params;
    static constexpr int kScales = Config::kScalesB, kLanes = 32;

    const float* from[kScales] = {};  // address of this lane's next load
    float now[kScales] = {}, ahead[kScales] = {};

    // Loads the first chunk of a tile: the scales of its columns, or of this warpgroup's columns where they are one
    // block.
    __device__ __forceinline__ void prefetch(const Params& params, const Tile& tile, int group, int lane) {
        const float* first = params.sfb + lane * params.sfb_column_stride;
        if constexpr (Config::kGrouping != Grouping::dense) first += tile.group * params.sfb_group_stride;
        const int32_t row = tile.n * Config::kBlockN / 128 + (Config::kSplitColumns ? group : 0);
        // A tile may end inside its first 128 columns: the scales loaded for the columns beyond are not used.
#pragma unroll
        for (int i = 0; i < kScales; ++i) {
            from[i] = first + min(row + i, params.sfb_rows - 1) * params.sfb_row_stride;
            if (lane < params.k_blocks) ahead[i] = *from[i];
        }
    }

    // The consumer calls this before it multiplies K block k; every 32 K blocks the next chunk begins. k_left: K blocks
    // of the tile from k on. The branch is inside PTX, see PipelinedConsumer::step.
    __device__ __forceinline__ void advance(const Params& params, uint32_t k, int32_t k_left, int lane) {
        const bool turn = k % kLanes == 0, more = kLanes + lane < k_left;
        const int64_t step = kLanes * params.sfb_column_stride;
#pragma unroll
        for (int i = 0; i < kScales; ++i) next_chunk(turn, now[i], ahead[i], from[i], step, more);
    }

    // Scale i of K block k.
    __device__ __forceinline__ float at(int i, uint32_t k) const { return __shfl_sync(0xFFFFFFFF, now[i], k % kLanes); }

   private:
    // If `turn`: now = ahead and, if `more`, loads the next scale, `step` elements on.
    __device__ __forceinline__ static void next_chunk(bool turn, float& now, float& ahead, const float*& from,
                                                      int64_t step, bool more) {
        asm volatile(
            "{\n"
            ".reg .pred turn, more;\n"
            "setp.ne.u32 turn, %4, 0;\n"
            "setp.ne.u32 more, %5, 0;\n"
            "@!turn bra over;\n"
            "mov.f32 %0, %1;\n"
            "add.s64 %2, %2, %3;\n"
            "@more ld.global.f32 %1, [%2];\n"
            "over:\n"
            "}\n"
            : "+f"(now), "+f"(ahead), "+l"(from)
            : "l"(step * static_cast<int64_t>(sizeof(float))), "r"(static_cast<uint32_t>(turn)),
              "r"(static_cast<uint32_t>(more))
            : "memory");
    }
};

}  // namespace aotgemm::sm90
