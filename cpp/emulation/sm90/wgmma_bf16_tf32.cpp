// BF16 and TF32 chains with FP32 outputs, not rounded further.
#include "emulation/sm90/wgmma_bf16_tf32.hpp"

#include "emulation/sm90/mma_bf16_tf32_chain.hpp"

namespace aotgemm::emulation {
namespace {

template <class Format>
void chain(Matrix<const typename Format::Bits> a, Matrix<const typename Format::Bits> b, Matrix<float> d, int threads) {
    for_each_mma_bf16_tf32_chain<Format>(a, b, threads, [&](std::int64_t row, std::int64_t column, float value) {
        d.data[row * d.row_stride + column * d.col_stride] = value;
    });
}

}  // namespace

void bf16_chain(Matrix<const std::uint16_t> a, Matrix<const std::uint16_t> b, Matrix<float> d, int threads) {
    chain<Bf16Format>(a, b, d, threads);
}

void tf32_chain(Matrix<const std::uint32_t> a, Matrix<const std::uint32_t> b, Matrix<float> d, int threads) {
    chain<Tf32Format>(a, b, d, threads);
}

}  // namespace aotgemm::emulation
