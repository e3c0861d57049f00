// Dispatches a chain by operand type.
#include "emulation/emulation.hpp"
#include "emulation/sm90/wgmma_fp8.hpp"
#include "emulation/sm90/wgmma_bf16_tf32.hpp"

namespace aotgemm::emulation {
namespace {

template <class Bits>
Matrix<const Bits> as_bits(Matrix<const void> matrix) {
    return {static_cast<const Bits*>(matrix.data), matrix.rows, matrix.cols, matrix.row_stride, matrix.col_stride};
}

}  // namespace

void wgmma_chain(ChainType type, Matrix<const void> a, Matrix<const void> b, Matrix<float> d, int threads) {
    switch (type) {
        case ChainType::fp8_e4m3: return fp8_chain(as_bits<std::uint8_t>(a), as_bits<std::uint8_t>(b), d, threads);
        case ChainType::bf16: return bf16_chain(as_bits<std::uint16_t>(a), as_bits<std::uint16_t>(b), d, threads);
        case ChainType::tf32: return tf32_chain(as_bits<std::uint32_t>(a), as_bits<std::uint32_t>(b), d, threads);
    }
}

}  // namespace aotgemm::emulation
