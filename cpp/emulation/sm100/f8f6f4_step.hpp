// One step of kinds f8f6f4 and mxf8f6f4, for all columns of a panel at once. The rule: mma.hpp.
#pragma once

#include "emulation/core/lanes.hpp"
#include "emulation/sm100/f8f6f4_tile.hpp"
#include "emulation/sm100/float8_formats.hpp"
#include "emulation/sm90/fp8_step.hpp"
#include "emulation/sm90/mma_bf16_tf32_step.hpp"

namespace aotgemm::emulation {

// Exponents of products alone count from the step's common power of two, that of its scales. Beyond these bounds all
// products are zero after the truncation, or all are zero to begin with, so a clamped exponent changes no sum.
inline constexpr int kLeastRelativeExponent = -40, kMostRelativeExponent = 100;
inline constexpr int kNoProduct = -10000;

// Exponents of FP32 accumulators, by the rule of the alignment.
template <class L>
AOTGEMM_INLINE void accumulator_exponents(const typename L::Float& c, typename L::Int& exponent) {
    using Int = typename L::Int;
    const Int field = (__builtin_bit_cast(Int, c) >> 23) & 0xFF;
    exponent = field == 0 ? Int{} + kLeastExponent : field - 127;
    exponent = c == 0.0f ? Int{} + kLeastAlignment : exponent;
}

// sum = c + both partial sums, aligned to `exponent`, truncated to FP32. Infinities stay, and NaN becomes canonical.
template <class L>
AOTGEMM_INLINE void finish_step(const std::int32_t* low, const std::int32_t* high, const std::int32_t* exponent,
                                float* accumulator) {
    using Double = typename L::Double;
    using Half = typename L::IntPer64;
    Half first, second, largest, stored;
    typename L::FloatPer64 c, result;
    load(first, low);
    load(second, high);
    load(largest, exponent);
    load(c, accumulator);
    Double to_integer, from_integer;
    powers_of_two<L>(kMmaBf16Tf32FractionBits - largest, to_integer);
    powers_of_two<L>(largest - kMmaBf16Tf32FractionBits, from_integer);
    const auto aligned = __builtin_convertvector(__builtin_convertvector(c, Double) * to_integer, Half);
    const Double sum = __builtin_convertvector(first, Double) + __builtin_convertvector(second, Double) +
                       __builtin_convertvector(aligned, Double);
    truncate_to_fp32<L>(sum * from_integer, result, stored);
    const Half bits = __builtin_bit_cast(Half, c) & 0x7FFFFFFF;
    const Half kept = bits > 0x7F800000 ? Half{} + static_cast<std::int32_t>(kCanonicalNan) : __builtin_bit_cast(Half, c);
    store(accumulator, bits < 0x7F800000 ? __builtin_bit_cast(Half, result) : kept);
}

// accumulator = one step of 32 products and accumulator. An aligned term is below 3.52 * 2^25, so 16 of them fit an int32.
template <class L>
AOTGEMM_INLINE void f8f6f4_step(const float* a, const std::uint8_t* a_exponent, std::int32_t a_scale,
                                const F8f6f4Panel& panel, float* accumulator) {
    using Float = typename L::Float;
    using Int = typename L::Int;
    constexpr int kHalf = kMmaF8f6f4Step / 2;
    alignas(64) std::uint8_t largest[kF8f6f4PanelColumns];
    max_product_exponents<L>(a_exponent, panel.exponent, largest);
    for (int column = 0; column < kF8f6f4PanelColumns; column += L::kCount32) {
        alignas(64) std::int32_t low[L::kCount32], high[L::kCount32], exponents[L::kCount32];
        Float c, b_value;
        Int scale, exponent;
        typename L::BytePer32 stored_exponent;
        load(c, &accumulator[column]);
        load(scale, &panel.scale_exponent[column]);
        load(stored_exponent, &largest[column]);
        scale += a_scale;
        accumulator_exponents<L>(c, exponent);
        const Int stored = __builtin_convertvector(stored_exponent, Int);
        const Int product =
            stored < kLeastStoredProduct ? Int{} + kNoProduct : stored - 2 * kFloat8ExponentBias + scale;
        exponent = product > exponent ? product : exponent;
        Int relative = exponent - scale;
        relative = relative < kLeastRelativeExponent ? Int{} + kLeastRelativeExponent : relative;
        relative = relative > kMostRelativeExponent ? Int{} + kMostRelativeExponent : relative;
        const Float to_integer = __builtin_bit_cast(Float, (127 + kMmaBf16Tf32FractionBits - relative) << 23);
        // The product is exact; the conversion truncates toward zero, which is the rule.
        Int first{}, second{};
        for (int k = 0; k < kHalf; ++k) {
            load(b_value, &panel.value[k][column]);
            first += __builtin_convertvector(b_value * a[k] * to_integer, Int);
            load(b_value, &panel.value[k + kHalf][column]);
            second += __builtin_convertvector(b_value * a[k + kHalf] * to_integer, Int);
        }
        store(low, first);
        store(high, second);
        store(exponents, exponent);
        for (int lane = 0; lane < L::kCount32; lane += L::kCount64)
            finish_step<L>(&low[lane], &high[lane], &exponents[lane], &accumulator[column + lane]);
    }
}

}  // namespace aotgemm::emulation
