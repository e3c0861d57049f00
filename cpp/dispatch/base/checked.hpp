// Arithmetic on numbers of a caller: nothing where int64 cannot hold the result.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>

namespace aotgemm {

// The most that a size of a GEMM may be: coordinates of the TMA are 32-bit, and tiles reach beyond the last element.
inline constexpr int64_t kMostExtent = std::numeric_limits<int32_t>::max() - 512;

constexpr std::optional<int64_t> checked_sum(int64_t x, int64_t y) {
    int64_t sum = 0;
    if (__builtin_add_overflow(x, y, &sum)) return std::nullopt;
    return sum;
}

constexpr std::optional<int64_t> checked_product(std::initializer_list<int64_t> factors) {
    int64_t product = 1;
    for (const int64_t factor : factors) {
        if (__builtin_mul_overflow(product, factor, &product)) return std::nullopt;
    }
    return product;
}

// Neither overflows for values from 0 on; the divisor is positive.
constexpr int64_t ceil_div(int64_t value, int64_t divisor) { return value / divisor + (value % divisor > 0 ? 1 : 0); }

// The next multiple, or the one before where int64 cannot hold the next.
constexpr int64_t align_up(int64_t value, int64_t multiple) {
    const int64_t quotient = ceil_div(value, multiple);
    const std::optional<int64_t> next = checked_product({quotient, multiple});
    return next ? *next : (quotient - 1) * multiple;
}

}  // namespace aotgemm
