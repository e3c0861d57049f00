// How a sum in FP32 becomes an element of D, which is FP32 (float) or BF16 (uint16_t), with C added where there is one.
#pragma once

#include <cmath>

#include "emulation/emulation.hpp"
#include "emulation/core/formats.hpp"

namespace aotgemm::emulation {

inline float widened(float value) { return value; }
inline float widened(std::uint16_t bits) { return float_from_bf16(bits); }

inline void round_to(float value, float& out) { out = value; }
inline void round_to(float value, std::uint16_t& out) { out = bf16_from_float(value); }

// The GPU's FP32 units return one NaN, whatever NaN went in.
inline float with_canonical_nan(float value) { return std::isnan(value) ? canonical_nan() : value; }

// d[row, column] = sum, or C + sum: one addition in FP32, then one rounding to the type of D.
template <class Out>
void store_output(Matrix<const void> c, Matrix<void> d, std::int64_t row, std::int64_t column, float sum) {
    if (c.data != nullptr) {
        const Out* addend = static_cast<const Out*>(c.data) + row * c.row_stride + column * c.col_stride;
        sum = with_canonical_nan(widened(*addend) + sum);
    }
    round_to(sum, *(static_cast<Out*>(d.data) + row * d.row_stride + column * d.col_stride));
}

}  // namespace aotgemm::emulation
