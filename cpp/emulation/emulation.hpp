// The CPU backend: the bits a Hopper GPU returns, computed without one. Arguments are checked by the caller. Each
// operation is declared in ops/NAME.hpp.
#pragma once

#include <cstdint>

namespace aotgemm::emulation {

// A strided matrix; strides count elements.
template <class T>
struct Matrix {
    T* data;
    std::int64_t rows, cols;
    std::int64_t row_stride, col_stride;
};

// Operands of a tensor-core chain, as raw bits.
enum class ChainType { fp8_e4m3, bf16, tf32 };

// d = a @ b^T, one chain of tensor-core steps over all of K from zero. a, b: raw bits (uint8_t, uint16_t or uint32_t
// by type) with col_stride 1; d: FP32. threads = 0: one a core.
void wgmma_chain(ChainType type, Matrix<const void> a, Matrix<const void> b, Matrix<float> d, int threads);

// Of D.
enum class OutType { bf16, fp32 };

}  // namespace aotgemm::emulation
