// Family bf16 on the CPU.
#include <cmath>

#include "emulation.hpp"
#include "formats.hpp"
#include "wide_chain.hpp"

namespace aotgemm::emulation {
namespace {

float widened(float value) { return value; }
float widened(std::uint16_t bits) { return float_from_bf16(bits); }

void round_to(float value, float& out) { out = value; }
void round_to(float value, std::uint16_t& out) { out = bf16_from_float(value); }

float add(float x, float y) {
    const float sum = x + y;
    return std::isnan(sum) ? canonical_nan() : sum;
}

template <class Out>
void gemm(Matrix<const std::uint16_t> a, Matrix<const std::uint16_t> b, Matrix<const void> c, Matrix<void> d, int threads) {
    const auto* in = static_cast<const Out*>(c.data);
    auto* out = static_cast<Out*>(d.data);
    for_each_wide_chain<Bf16Format>(a, b, threads, [&](std::int64_t row, std::int64_t column, float value) {
        if (in) value = add(widened(in[row * c.row_stride + column * c.col_stride]), value);
        round_to(value, out[row * d.row_stride + column * d.col_stride]);
    });
}

}  // namespace

void bf16_gemm(Matrix<const std::uint16_t> a, Matrix<const std::uint16_t> b, Matrix<const void> c, Matrix<void> d,
               OutType type, int threads) {
    if (type == OutType::bf16) {
        gemm<std::uint16_t>(a, b, c, d, threads);
    } else {
        gemm<float>(a, b, c, d, threads);
    }
}

}  // namespace aotgemm::emulation
