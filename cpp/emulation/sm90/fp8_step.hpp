// One FP8 tensor-core step of Hopper's wgmma, for all columns of a panel at once.
#pragma once

#include "emulation/sm90/fp8_tile.hpp"
#include "emulation/core/lanes.hpp"

namespace aotgemm::emulation {

inline constexpr int kFp8FractionBits = 13;  // of an aligned term, and of the stored sum

// An element's exponent is stored with this bias, and a zero as 0: the sum of two stored exponents then orders
// products as the hardware does, with a zero product under every other one (64 is the least nonzero product).
inline constexpr int kFp8ExponentBias = 38;

// Largest stored exponent among the step's products, for each column.
template <class L>
AOTGEMM_INLINE void max_product_exponents(const std::uint8_t* a, const std::uint8_t (*b)[kFp8PanelColumns],
                                          std::uint8_t* largest) {
    using Byte = typename L::Byte;
    for (int column = 0; column < kFp8PanelColumns; column += static_cast<int>(sizeof(Byte))) {
        Byte max{}, b_exponent;
        for (int k = 0; k < kFp8Step; ++k) {
            load(b_exponent, &b[k][column]);
            const Byte sum = b_exponent + a[k];
            max = sum > max ? sum : max;
        }
        store(&largest[column], max);
    }
}

// accumulator = one step of 32 products and accumulator. A sum of terms fits 21 bits: 32 terms below 2^15 and
// the accumulator below 2^14.
template <class L>
AOTGEMM_INLINE void fp8_step(const float* a, const std::uint8_t* a_exponent, const float (*b)[kFp8PanelColumns],
                             const std::uint8_t (*b_exponent)[kFp8PanelColumns], float* accumulator) {
    using Float = typename L::Float;
    using Int = typename L::Int;
    alignas(64) std::uint8_t largest[kFp8PanelColumns];
    max_product_exponents<L>(a_exponent, b_exponent, largest);
    for (int column = 0; column < kFp8PanelColumns; column += L::kCount32) {
        Float c, b_value;
        typename L::BytePer32 stored_exponent;
        load(c, &accumulator[column]);
        load(stored_exponent, &largest[column]);
        const Int c_exponent = ((__builtin_bit_cast(Int, c) >> 23) & 0xFF) - 127;
        const Int product_exponent = __builtin_convertvector(stored_exponent, Int) - 2 * kFp8ExponentBias;
        const Int exponent = product_exponent > c_exponent ? product_exponent : c_exponent;
        const Float to_integer = __builtin_bit_cast(Float, (127 + kFp8FractionBits - exponent) << 23);
        const Float from_integer = __builtin_bit_cast(Float, (127 - kFp8FractionBits + exponent) << 23);
        // Float to integer truncates toward zero, which is the alignment rule; the product itself is exact.
        Int sum = __builtin_convertvector(c * to_integer, Int);
        for (int k = 0; k < kFp8Step; ++k) {
            load(b_value, &b[k][column]);
            sum += __builtin_convertvector(b_value * a[k] * to_integer, Int);
        }
        // Exact in FP32; dropping low mantissa bits is normalisation and truncation in one.
        const Float exact = __builtin_convertvector(sum, Float);
        constexpr int kKeptBits = ~((1 << (23 - kFp8FractionBits)) - 1);
        const Float kept = __builtin_bit_cast(Float, __builtin_bit_cast(Int, exact) & kKeptBits);
        store(&accumulator[column], kept * from_integer);
    }
}

}  // namespace aotgemm::emulation
