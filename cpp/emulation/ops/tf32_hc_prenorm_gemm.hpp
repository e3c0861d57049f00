// Family tf32_hc_prenorm_gemm on the CPU.
#pragma once

#include <cstdint>

#include "emulation/emulation.hpp"

namespace aotgemm::emulation {

// Family tf32_hc_prenorm_gemm, for each split of K in `splits` runs of K blocks, the longer ones first: D = A @ B^T, one
// chain, B rounded to TF32; sqr_sum [splits, a.rows], contiguous: squares of a row of A in eight chains by k % 8, which a
// tree of neighbours adds. a.cols is a multiple of kHcPrenormBlockK.
inline constexpr std::int64_t kHcPrenormBlockK = 64;
struct HcPrenormGemm {
    Matrix<const std::uint16_t> a;
    Matrix<const float> b;
    Matrix<float> d;  // of the first split
    std::int64_t d_split_stride;
    float* sqr_sum;
    std::int64_t splits;
};

void tf32_hc_prenorm_gemm(const HcPrenormGemm& gemm, int threads);

}  // namespace aotgemm::emulation
