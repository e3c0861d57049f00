// The CPU backend: the bits a Hopper GPU returns, computed without one. Arguments are checked by the caller.
#pragma once

#include <cstdint>
#include <span>

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

// Columns of D that a GEMM does not write: `width` in every `period` columns that it computes, from `before` on.
struct SkippedColumns {
    std::int64_t period, before, width = 0;  // period 0: none
};

// Family fp8_gemm_1d2d: D = bf16(sum over K blocks of chain(A, B) * (sfa * sfb)), promoted in ascending order with fma.
struct Fp8Gemm1d2d {
    Matrix<const std::uint8_t> a;
    Matrix<const float> sfa;
    Matrix<const std::uint8_t> b;
    Matrix<const float> sfb;
    Matrix<std::uint16_t> d;
    SkippedColumns skipped{};
};

// Any number of GEMMs whose outputs do not overlap; the threads share the tiles of all of them.
void fp8_gemm_1d2d(std::span<const Fp8Gemm1d2d> gemms, int threads);

enum class OutType { bf16, fp32 };

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

// Family fp8_gemm_1d1d: as fp8_gemm_1d2d with a scale of B for each of its rows (sfb [b.rows, K blocks]). C and D have
// one type; C is added to the result in FP32 before the rounding; c.data is null where there is no C.
struct Fp8Gemm1d1d {
    Matrix<const std::uint8_t> a;
    Matrix<const float> sfa;
    Matrix<const std::uint8_t> b;
    Matrix<const float> sfb;
    Matrix<const void> c;
    Matrix<void> d;
};

void fp8_gemm_1d1d(std::span<const Fp8Gemm1d1d> gemms, OutType type, int threads);

// Columns of sf, one after the other, at out, out + leading, ...; what lies between them stays as it is.
void transpose_sf(Matrix<const float> sf, float* out, std::int64_t leading);

enum class CastInput { bf16, fp32 };

// Casts to FP8 E4M3 with one scale per block_rows x 128 block (block_rows is 1 or 128).
void cast_to_fp8(CastInput type, Matrix<const void> x, Matrix<std::uint8_t> q, Matrix<float> sf, int block_rows,
                 bool use_ue8m0, int threads);

}  // namespace aotgemm::emulation
