// One BF16 or TF32 tensor-core step of Hopper's wgmma, for all columns of a panel at once.
#pragma once

#include "emulation/core/lanes.hpp"
#include "emulation/sm90/mma_bf16_tf32_tile.hpp"

namespace aotgemm::emulation {

// Exponents of FP64 numbers; those below FP32's least exponent are raised to it, since a subnormal has that exponent.
template <class L>
AOTGEMM_INLINE void exponents_of(const typename L::Double& value, typename L::IntPer64& exponent) {
    using Half = typename L::IntPer64;
    const auto field = (__builtin_bit_cast(typename L::Long, value) >> 52) & 0x7FF;
    exponent = __builtin_convertvector(field, Half) - 1023;
    exponent = exponent > kLeastExponent ? exponent : Half{} + kLeastExponent;
}

// 2^exponent in FP64.
template <class L>
AOTGEMM_INLINE void powers_of_two(const typename L::IntPer64& exponent, typename L::Double& power) {
    using Long = typename L::Long;
    power = __builtin_bit_cast(typename L::Double, (__builtin_convertvector(exponent, Long) + 1023) << 52);
}

// Terms below 2^27: eight of them fit an int32, and the conversion truncates toward zero. The exact sum is in FP64.
template <class L>
AOTGEMM_INLINE void add_eight_terms(const double* a, const double* b, const typename L::Double& to_integer,
                                    typename L::Double& sum) {
    typename L::IntPer64 partial{};
    typename L::Double b_value;
    for (int k = 0; k < 8; ++k) {
        load(b_value, b + k * kMmaBf16Tf32PanelColumns);
        partial += __builtin_convertvector(b_value * a[k] * to_integer, typename L::IntPer64);
    }
    sum += __builtin_convertvector(partial, typename L::Double);
}

// Normalises and truncates toward zero to 23 fraction bits, or to 2^-149 below FP32's normal range.
template <class L>
AOTGEMM_INLINE void truncate_to_fp32(const typename L::Double& sum, typename L::FloatPer64& result,
                                     typename L::IntPer64& exponent) {
    using Double = typename L::Double;
    Double to_integer, from_integer;
    exponents_of<L>(sum, exponent);
    powers_of_two<L>(23 - exponent, to_integer);
    powers_of_two<L>(exponent - 23, from_integer);
    const auto significand = __builtin_convertvector(sum * to_integer, typename L::IntPer64);
    result = __builtin_convertvector(__builtin_convertvector(significand, Double) * from_integer,
                                     typename L::FloatPer64);
}

// accumulator = one step of kLength products and accumulator, over the columns of one register of FP64. b points at
// the first of those columns; the next k is kMmaBf16Tf32PanelColumns elements on.
template <class L, int kLength>
AOTGEMM_INLINE void mma_bf16_tf32_step(const double* a, const std::int32_t* a_exponent, const double* b,
                              const std::int32_t* b_exponent, float* accumulator, std::int32_t* largest_exponent) {
    using Double = typename L::Double;
    using Half = typename L::IntPer64;
    typename L::FloatPer64 c;
    load(c, accumulator);
    const Double c_value = __builtin_convertvector(c, Double);
    Half exponent, stored;
    exponents_of<L>(c_value, exponent);
    const auto c_is_zero = __builtin_convertvector(c == 0.0f, Half);
    exponent = c_is_zero ? Half{} + kLeastAlignment : exponent;
    for (int k = 0; k < kLength; ++k) {
        load(stored, b_exponent + k * kMmaBf16Tf32PanelColumns);
        const Half product = stored + a_exponent[k];
        exponent = product > exponent ? product : exponent;
    }
    Double to_integer, from_integer;
    powers_of_two<L>(kMmaBf16Tf32FractionBits - exponent, to_integer);
    powers_of_two<L>(exponent - kMmaBf16Tf32FractionBits, from_integer);
    Double sum = __builtin_convertvector(__builtin_convertvector(c_value * to_integer, Half), Double);
    for (int k = 0; k < kLength; k += 8) add_eight_terms<L>(a + k, b + k * kMmaBf16Tf32PanelColumns, to_integer, sum);
    truncate_to_fp32<L>(sum * from_integer, c, exponent);
    store(accumulator, c);
    load(stored, largest_exponent);
    store(largest_exponent, exponent > stored ? exponent : stored);
}

}  // namespace aotgemm::emulation
