// Where the words of a tile's scales begin along K.
#pragma once

#include <cstdint>

#include "common/grouping.hpp"
#include "sm100/fp8_fp4_gemm/params.hpp"

namespace aotgemm::sm100 {

// One sum over all of K: its words begin at 0.
template <Grouping kGrouping>
struct ScaleWords {
    __device__ __forceinline__ void advance_to(const Fp8Fp4GemmParams&, int32_t) const {}
    __device__ __forceinline__ int32_t of_a() const { return 0; }
    __device__ __forceinline__ int32_t of_b() const { return 0; }
};

// k_grouped: a group's scales begin with a word of their own, so that words do not follow from where its K begins. Groups
// come in ascending order.
template <>
struct ScaleWords<Grouping::k_grouped> {
    int32_t group = 0, words_of_a = 0, words_of_b = 0;

    __device__ __forceinline__ void advance_to(const Fp8Fp4GemmParams& params, int32_t wanted) {
        for (; group < wanted; ++group) {
            const int32_t k = max(__ldg(params.index + group), 0);
            words_of_a += words(k, params.stages_of_word_a);
            words_of_b += words(k, params.stages_of_word_b);
        }
    }
    __device__ __forceinline__ int32_t of_a() const { return words_of_a; }
    __device__ __forceinline__ int32_t of_b() const { return words_of_b; }

   private:
    __device__ __forceinline__ static int32_t words(int32_t k, int32_t stages_of_word) {
        return (k + stages_of_word * kFp8Stage - 1) / (stages_of_word * kFp8Stage);
    }
};

}  // namespace aotgemm::sm100
