// bf16_gemm with tiles of 32 rows of B (narrow_config.cuh): the kernel of kernel.cuh, whose consumers store their
// sums themselves. A box of the TMA is 64 columns of D wide, and the last of them belong to another tile.
#pragma once

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "sm90/bf16_gemm/kernel.cuh"
#include "sm90/bf16_gemm/narrow_config.cuh"
#include "sm90/epilogue/sums_inside.cuh"

namespace aotgemm::sm90 {

// The sums of a tile (+ C) from registers to D.
template <class Config>
struct Bf16NarrowEpilogue {
    using Out = typename Config::Out;

    const Bf16GemmParams& params;
    const Bf16Consumer<Config>& consumer;

    __device__ __forceinline__ void store(const Tile& tile) const {
        float sums[Config::kSums];
        static_for<Config::kSums>([&](auto i) { sums[i] = consumer.template sum<i>(); });
        if (params.c != nullptr) add_c(tile, sums);
        for_sums_inside<Config>(tile, params.n, consumer.warp, consumer.lane, [&](auto i, int64_t row, int32_t column) {
            static_cast<Out*>(params.d_data)[row * params.d_row_stride + column] = rounded(sums[i]);
        });
    }

   private:
    // C may be D: a thread reads all of its C before it writes any of D.
    __device__ __forceinline__ void add_c(const Tile& tile, float (&sums)[Config::kSums]) const {
        Out c[Config::kSums]{};
        for_sums_inside<Config>(tile, params.n, consumer.warp, consumer.lane, [&](auto i, int64_t row, int32_t column) {
            c[i] = static_cast<const Out*>(params.c)[row * params.c_row_stride + column];
        });
        using Layout = AccumulatorLayout<Config, Bf16Consumer<Config>>;
        static_for<Config::kSums>([&](auto i) { sums[i] = __fadd_rn(Layout::widened(c[i]), sums[i]); });
    }

    __device__ __forceinline__ static Out rounded(float sum) {
        if constexpr (sizeof(Out) == 4) {
            return sum;
        } else {
            return static_cast<uint16_t>(ptx::pack_bf16(sum, sum));
        }
    }
};

// Overload of kernel.cuh's for narrow tiles, found by the type of `params`.
template <class Config>
    requires Config::kIsNarrow
__device__ __forceinline__ void consume_bf16(const Bf16GemmParams& params, uint32_t shared, int group) {
    Bf16Consumer<Config> consumer{shared, group, static_cast<int>(threadIdx.x / 32 % 4),
                                  static_cast<int>(threadIdx.x % 32)};
    const Bf16NarrowEpilogue<Config> epilogue{params, consumer};
    consume_tiles<Config>(shared, consumer, epilogue);
}

}  // namespace aotgemm::sm90
