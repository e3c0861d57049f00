// The sum over heads of one key, four heads at a time. Order: aotgemm_fp8_fp4_mqa_logits in
// cpp/include/aotgemm/aotgemm.h.
#pragma once

#include <cstdint>

namespace aotgemm::sm100 {

// Sums of heads 0, 4, 8 ... and 1, 5, 9 ..., then of 2, 6 ... and 3, 7 ...: pairs of FP32, which one instruction adds.
struct HeadSum {
    float2 first{0.0f, 0.0f}, second{0.0f, 0.0f};

    // Four heads' products with the key, from tensor memory, and their weights.
    __device__ __forceinline__ void add(const uint32_t (&products)[4], const float2 (&weights)[2]) {
        first = __ffma2_rn(twice_positive(products[0], products[1]), weights[0], first);
        second = __ffma2_rn(twice_positive(products[2], products[3]), weights[1], second);
    }

    __device__ __forceinline__ float result() const {
        const float2 both = __fadd2_rn(first, second);
        return __fmul_rn(__fadd_rn(both.x, both.y), 0.5f);
    }

   private:
    // x + |x|, exact: a NaN stays one.
    __device__ __forceinline__ static float2 twice_positive(uint32_t x, uint32_t y) {
        const float2 value{__uint_as_float(x), __uint_as_float(y)};
        return __fadd2_rn(value, {fabsf(value.x), fabsf(value.y)});
    }
};

}  // namespace aotgemm::sm100
