// One step of kinds mxf4 and mxf4nvf4, for one output. The products of each 16 of K are summed exactly and multiplied by
// the significands of their two scales (1 for UE8M0); that is a term of the alignment with the exponent of the scales,
// zero or not, and is not normalised. The four terms and the accumulator
// are aligned to the largest exponent, truncated toward zero to 35 fraction bits, summed exactly, and the sum is truncated
// toward zero to FP32. Source: the model of MMA-Sim (arXiv 2511.10909); that a group of zeros has a part in the alignment
// is the model's word too, and nobody has measured that case.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>

#include "emulation/sm100/mma.hpp"
#include "emulation/sm90/mma_bf16_tf32_special.hpp"

namespace aotgemm::emulation {

inline constexpr int kMxf4Group = 16, kMxf4Groups = kMmaMxf4Step / kMxf4Group, kMxf4FractionBits = 35;
inline constexpr int kMxf4ScaleGroups = 2;  // groups under one scale

// Twice the number of an E2M1 code.
constexpr std::int8_t twice_e2m1(std::uint8_t code) {
    constexpr std::int8_t kMagnitudes[] = {0, 1, 2, 3, 4, 6, 8, 12};
    const std::int8_t magnitude = kMagnitudes[code & 7];
    return static_cast<std::int8_t>(code & 8 ? -magnitude : magnitude);
}

// value * 2^shift, truncated toward zero; the result fits.
inline std::int64_t shifted_toward_zero(std::int64_t value, int shift) {
    const std::int64_t magnitude = shift >= 0 ? std::abs(value) << shift : std::abs(value) >> std::min(-shift, 63);
    return value < 0 ? -magnitude : magnitude;
}

// sum * 2^exponent, truncated toward zero to FP32; infinite from 2^128 on.
inline float truncated_to_fp32(std::int64_t sum, int exponent) {
    if (sum == 0) return 0.0f;
    const int top = 63 - std::countl_zero(static_cast<std::uint64_t>(std::abs(sum))) + exponent;
    const int quantum = std::max(top, kLeastExponent) - 23;
    const int dropped = quantum - exponent;
    const std::int64_t kept = dropped > 0 ? shifted_toward_zero(sum, -dropped) : sum;
    return static_cast<float>(static_cast<double>(kept) * power_of_two(dropped > 0 ? quantum : exponent));
}

// The scales of one group of both operands together.
struct Mxf4Scale {
    std::int32_t exponent;
    std::int32_t significand;  // in units of 2^-kMxf4SignificandBits
};
inline constexpr int kMxf4SignificandBits = 6;  // of the product of two UE4M3 significands

// a, b: kMmaMxf4Step numbers, twice those of the codes; scales of each group. c is finite.
inline float mxf4_step(const std::int8_t* a, const std::int8_t* b, const Mxf4Scale* scales, float c) {
    int largest = c == 0 ? kLeastAlignment : mma_bf16_tf32_exponent(c);
    for (int group = 0; group < kMxf4Groups; ++group) largest = std::max(largest, scales[group].exponent);
    const int fraction = kMxf4FractionBits - largest;
    std::int64_t sum = 0;
    for (int group = 0; group < kMxf4Groups; ++group) {
        std::int64_t products = 0;  // four times the sum
        for (int k = group * kMxf4Group; k < (group + 1) * kMxf4Group; ++k) products += a[k] * b[k];
        const int quantum = scales[group].exponent - 2 - kMxf4SignificandBits;
        sum += shifted_toward_zero(products * scales[group].significand, quantum + fraction);
    }
    const auto significand = static_cast<std::int64_t>(static_cast<double>(c) * power_of_two(23 - mma_bf16_tf32_exponent(c)));
    return truncated_to_fp32(sum + shifted_toward_zero(significand, mma_bf16_tf32_exponent(c) - 23 + fraction), -fraction);
}

}  // namespace aotgemm::emulation
