// NaN, infinity and overflow in a tensor-core chain: the one place that states the rule.
//
// - FP8 E4M3 has no infinity. A NaN operand (0x7F, 0xFF) makes every output that it enters 0x7FFFFFFF.
// - BF16 and TF32: a NaN operand, a product of infinity and zero, or infinities of both signs (among the products
//   and the accumulator) make the output 0x7FFFFFFF. Otherwise an infinity gives an infinity of its sign.
// - BF16 and TF32: a finite step whose sum is 2^128 or more in magnitude gives an infinity of its sign.
// - TF32 operands lose their low 13 bits first, so a NaN whose payload lies there alone counts as infinity.
#pragma once

#include <cmath>
#include <cstdint>

#include "emulation/core/formats.hpp"

namespace aotgemm::emulation {

// What the special values of one step amount to.
struct SpecialSum {
    bool has_nan = false, has_positive = false, has_negative = false;

    void add(float term) {
        has_nan |= std::isnan(term);
        has_positive |= std::isinf(term) && term > 0;
        has_negative |= std::isinf(term) && term < 0;
    }
    // a and b are operands; only their special values count, so that a finite overflow of the product does not.
    void add_product(float a, float b) {
        if (!std::isfinite(a) || !std::isfinite(b)) add(a * b);
    }
    bool any() const { return has_nan || has_positive || has_negative; }
    float value() const {
        if (has_nan || (has_positive && has_negative)) return canonical_nan();
        return has_positive ? INFINITY : -INFINITY;
    }
};

}  // namespace aotgemm::emulation
