// Family bf16_gemm on the CPU.
#pragma once

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

// Family bf16_gemm: D = A @ B^T, one chain over all of K, or C + that chain, added once in FP32; rounded to the type of
// D, which C shares. a [M, K] and b [N, K] are raw bits of any strides; c.data is null where there is no C.
void bf16_gemm(Matrix<const std::uint16_t> a, Matrix<const std::uint16_t> b, Matrix<const void> c, Matrix<void> d,
               OutType type, int threads);

// Family bf16_gemm, D = sum over batches of A @ B^T: one chain for each range of batches_of_a_range batches (the last
// range has the rest), each batch's K filled up with zeros to a whole step; then chain 0 + chain 1 + ... in FP32, then
// C + that sum, then one rounding. a and b are those of the first batch.
struct Bf16BatchReduced {
    Matrix<const std::uint16_t> a, b;
    std::int64_t batches, a_batch_stride, b_batch_stride;
    std::int64_t batches_of_a_range;  // from 1 on
    Matrix<const void> c;
    Matrix<void> d;
};

void bf16_gemm_batch_reduced(const Bf16BatchReduced& gemm, OutType type, int threads);

}  // namespace aotgemm::emulation
