// The formats that rows are cast to: codes of the elements of a slice, from their values and the inverse of the scale.
#pragma once

#include <cstdint>

#include "common/block_scale.cuh"
#include "common/static_for.cuh"

namespace aotgemm {

struct Fp8 {
    static constexpr float kLargest = 448.0f;
    static constexpr int kBits = 8;

    template <int kElements>
    static __device__ __forceinline__ void encode(const float (&values)[kElements], float inverse,
                                                  uint32_t (&codes)[kElements / 4]) {
        static_for<kElements / 4>([&](auto i) {
            const auto scaled = [&](int element) { return __fmul_rn(values[4 * i + element], inverse); };
            codes[i] = fp8_pair(scaled(0), scaled(1)) | fp8_pair(scaled(2), scaled(3)) << 16;
        });
    }
};

// E2M1: to nearest, ties toward zero, saturating at 6, NaN to +6. Zero has no sign.
struct Fp4 {
    static constexpr float kLargest = 6.0f;
    static constexpr int kBits = 4;

    // 4 or 8 elements, the first in the low four bits.
    template <int kElements>
    static __device__ __forceinline__ void encode(const float (&values)[kElements], float inverse,
                                                  uint32_t (&codes)[1]) {
        uint32_t signed_codes = 0;
        static_for<kElements>([&](auto i) {
            signed_codes = __funnelshift_l(in_top_bits(__fmul_rn(values[kElements - 1 - i], inverse)), signed_codes, 4);
        });
        const uint32_t sign_unless_zero = signed_codes << 1 | signed_codes << 2 | signed_codes << 3;
        codes[0] = signed_codes & (sign_unless_zero | kMagnitudes);
    }

private:
    static constexpr uint32_t kMagnitudes = 0x77777777u;

    // The code in bits 28 to 31, with a sign also of zero; lower bits are anything. E2M1 differs from FP32 by its
    // exponent's bias, 1 for 127, and its one bit of mantissa. So 2^-126 times the value, which may be subnormal as FP32
    // where it is as E2M1, has the code in bits 22 to 24, and below them what is rounded. Rounding that product up leaves
    // what is above a tie above it. fminf(NaN, x) is x, and the NaN of a product has no sign.
    static __device__ __forceinline__ uint32_t in_top_bits(float value) {
        constexpr float kUnit = 0x1p-126f;
        constexpr uint32_t kTieMinusOne = 0x1FFFFFu, kShift = 6;
        const float magnitude = fminf(__fmul_ru(fabsf(value), kUnit), kLargest * kUnit);
        return ((__float_as_uint(magnitude) + kTieMinusOne) << kShift) | (__float_as_uint(value) & 0x80000000u);
    }
};

}  // namespace aotgemm
