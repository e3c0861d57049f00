// A warpgroup beside the consumers: the sums of squares of A's rows. The consumers' chain of wgmma waits for nothing else.
#pragma once

#include "common/static_for.cuh"
#include "sm90/tf32_hc_prenorm_gemm/a_words.cuh"
#include "sm90/tf32_hc_prenorm_gemm/work.cuh"

namespace aotgemm::sm90 {

// Squares of one row's elements that a thread sees: of those at even and at odd places of K, two chains.
struct SquareSums {
    float even = 0, odd = 0;

    __device__ __forceinline__ void add(uint32_t pair) {
        const float first = __uint_as_float(pair << 16), second = __uint_as_float(pair & 0xFFFF0000u);
        even = __fmaf_rn(first, first, even);
        odd = __fmaf_rn(second, second, odd);
    }

    // Chains 2t and 2t + 1 of a row are in lane t of four: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
    __device__ __forceinline__ float of_row() const {
        float sum = __fadd_rn(even, odd);
        sum = __fadd_rn(sum, __shfl_xor_sync(0xFFFFFFFFu, sum, 1));
        return __fadd_rn(sum, __shfl_xor_sync(0xFFFFFFFFu, sum, 2));
    }
};

template <class Config>
struct PrenormSquares {
    const HcPrenormParams& params;
    AWords<Config> words;

    __device__ __forceinline__ void run() {
        for (auto index = static_cast<int32_t>(blockIdx.x); index < item_count(params);
             index += static_cast<int32_t>(gridDim.x)) {
            const PrenormItem item(params, index);
            SquareSums sums[2]{};
            for (int32_t block = 0; block < item.blocks; ++block) {
                ptx::mbarrier_wait(words.full(), words.parity());
                words.load();
                words.release();
                static_for<Config::kSteps>([&](auto step) {
                    words.template of_step<step>([&](uint32_t word, auto row) { sums[row].add(word); });
                });
            }
            store(item, sums);
        }
    }

private:
    __device__ __forceinline__ void store(const PrenormItem& item, const SquareSums (&squares)[2]) const {
        const float sums[2] = {squares[0].of_row(), squares[1].of_row()};
        const int32_t first = item.row + words.warp * kPrenormWarpRows + words.lane / 4;
        static_for<2>([&](auto half) {
            const int32_t row = first + half * 8;
            if (words.lane % 4 == 0 && row < params.m) params.sqr_sum[int64_t{item.split} * params.m + row] = sums[half];
        });
    }
};

}  // namespace aotgemm::sm90
