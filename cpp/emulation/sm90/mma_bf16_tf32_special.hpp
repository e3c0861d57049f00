// A BF16 or TF32 chain in scalar code, for an output that special values or an overflow may have reached.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "emulation/core/special_values.hpp"
#include "emulation/sm90/mma_bf16_tf32_tile.hpp"

namespace aotgemm::emulation {

// floor(log2(|value|)), raised to the format's least exponent. FP64 holds every operand and product as a normal number.
inline int mma_bf16_tf32_exponent(double value) {
    const auto field = static_cast<int>(std::bit_cast<std::uint64_t>(value) >> 52 & 0x7FF);
    return std::max(field - 1023, kLeastExponent);
}

inline double power_of_two(int exponent) {
    return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

// Toward zero, to a multiple of 2^quantum; the quotient is far inside an int64.
inline double truncate_to(double value, int quantum) {
    return static_cast<double>(static_cast<std::int64_t>(value * power_of_two(-quantum))) * power_of_two(quantum);
}

// A finite step, one term at a time: the same rule as mma_bf16_tf32_step.hpp.
inline float scalar_mma_bf16_tf32_step(const float* a, const float* b, int length, float c) {
    int exponent = c == 0 ? kLeastAlignment : mma_bf16_tf32_exponent(c);
    for (int k = 0; k < length; ++k) {
        if (a[k] == 0 || b[k] == 0) continue;
        exponent = std::max(exponent, mma_bf16_tf32_exponent(a[k]) + mma_bf16_tf32_exponent(b[k]));
    }
    double sum = truncate_to(c, exponent - kMmaBf16Tf32FractionBits);
    for (int k = 0; k < length; ++k)
        sum += truncate_to(static_cast<double>(a[k]) * b[k], exponent - kMmaBf16Tf32FractionBits);
    return static_cast<float>(truncate_to(sum, mma_bf16_tf32_exponent(sum) - 23));
}

// Continues a chain from c. value_a(k) and value_b(k) return operands, zero past the end of K.
template <class ValueA, class ValueB>
float scalar_mma_bf16_tf32_chain(float c, std::int64_t size_k, int step_length, ValueA&& value_a, ValueB&& value_b) {
    for (std::int64_t k = 0; k < size_k; k += step_length) {
        float a[16], b[16];
        SpecialSum special;
        special.add(c);
        for (int i = 0; i < step_length; ++i) {
            a[i] = value_a(k + i);
            b[i] = value_b(k + i);
            special.add_product(a[i], b[i]);
        }
        c = special.any() ? special.value() : scalar_mma_bf16_tf32_step(a, b, step_length, c);
        if (std::isnan(c)) break;
    }
    return c;
}

}  // namespace aotgemm::emulation
