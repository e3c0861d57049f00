// Where the words of a tile's scales begin along K, and how much of K has scales.
#pragma once

#include <cstdint>


#include "common/grouping.hpp"
#include "sm100/fp8_fp4_gemm/params.hpp"
#include "sm90/schedule/dense_scheduler.cuh"

namespace aotgemm::sm100 {

// One sum over all of K: its words begin at 0.
template <Grouping kGrouping>
struct ScaleWords {
    __device__ __forceinline__ void advance_to(const Fp8Fp4GemmParams&, int32_t) const {}
    __device__ __forceinline__ int32_t of_a() const { return 0; }
    __device__ __forceinline__ int32_t of_b() const { return 0; }
    __device__ __forceinline__ int32_t scaled(const Fp8Fp4GemmParams&, int32_t k_size) const { return k_size; }
};

// k_grouped: a group's scales begin with a word of their own, and may end before its K, which is zeros from there on. So
// words do not follow from where K begins. Groups come in ascending order.
template <>
struct ScaleWords<Grouping::k_grouped> {
    int32_t group = 0, words_of_a = 0, words_of_b = 0;

    __device__ __forceinline__ void advance_to(const Fp8Fp4GemmParams& params, int32_t wanted) {
        for (; group < wanted; ++group) {
            const int32_t k = max(__ldg(params.scaled_ks + group), 0);
            words_of_a += words(k, params.stages_of_word_a);
            words_of_b += words(k, params.stages_of_word_b);
        }
    }
    __device__ __forceinline__ int32_t of_a() const { return words_of_a; }
    __device__ __forceinline__ int32_t of_b() const { return words_of_b; }

    // Of the group's K the whole steps that have scales: behind them are those of the next group.
    __device__ __forceinline__ int32_t scaled(const Fp8Fp4GemmParams& params, int32_t k_size) const {
        return min(sm90::tiles_of(max(__ldg(params.scaled_ks + group), 0), kFp8Step) * kFp8Step, k_size);
    }

   private:
    __device__ __forceinline__ static int32_t words(int32_t k, int32_t stages_of_word) {
        return (k + stages_of_word * kFp8Stage - 1) / (stages_of_word * kFp8Stage);
    }
};

}  // namespace aotgemm::sm100
