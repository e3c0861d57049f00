// Family bf16_gemm on the CPU. Device twin: cpp/kernels/sm90/bf16_gemm/kernel.cuh.
#include "emulation/ops/bf16_gemm.hpp"
#include "emulation/core/output.hpp"
#include "emulation/sm90/mma_bf16_tf32_chain.hpp"

namespace aotgemm::emulation {
namespace {

template <class Out>
void gemm(Matrix<const std::uint16_t> a, Matrix<const std::uint16_t> b, Matrix<const void> c, Matrix<void> d,
          int threads) {
    for_each_mma_bf16_tf32_chain<Bf16Format>(a, b, threads, [&](std::int64_t row, std::int64_t column, float value) {
        store_output<Out>(c, d, row, column, value);
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
