/* aotgemm: conversions of weights, made once when a model is loaded, and casts for operands of any rank.
 *
 * FP4 is packed: int8, two E2M1 codes a byte, columns 2i and 2i + 1 in the low and the high four bits. A code's low three
 * bits are a magnitude (0, 0.5, 1, 1.5, 2, 3, 4 or 6), its fourth bit is the sign. Bytes of a row are adjacent. Everywhere
 * outputs share no memory with what is read, nor with one another. */
#ifndef AOTGEMM_CONVERT_H_
#define AOTGEMM_CONVERT_H_

#include <aotgemm/aotgemm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Values of packed FP4: code times scale, rounded once. Zero has no sign, a product that is no number is 0x7FFFFFFF.
 *
 * packed  int8 [M, K / 2]
 * sf      FP32 [M, ceil(K / gran_k)], any strides; or int32 [M, ceil(K / gran_k / 4)], four exponents a word, the first in
 *         the low byte: the scale is the FP32 number whose exponent bits they are
 * out     FP32 [M, K], stride[1] == 1
 * gran_k  32 or 128 */
AOTGEMM_API aotgemm_status aotgemm_fp4_to_fp32(const aotgemm_tensor* packed, const aotgemm_tensor* sf,
                                               const aotgemm_tensor* out, int32_t gran_k, const aotgemm_launch* launch);

/* Rows and columns exchanged: int8 [M, K / 2] -> int8 [K, M / 2], M a multiple of 2. */
AOTGEMM_API aotgemm_status aotgemm_transpose_fp4(const aotgemm_tensor* a, const aotgemm_tensor* out,
                                                 const aotgemm_launch* launch);

/* FP4 with a power of two for each row and 32 columns, as FP8 E4M3 with one for each block of 128 columns.
 *
 * weights  int8 [N, K / 2], or with groups in front like all others
 * scales   FP32 powers of two [N, ceil(K / 32)], any strides; or int32 [N, ceil(K / 128)], four UE8M0 a word. A byte b is
 *          2^(b - 127), and 255 is NaN; an FP32 number that is no power of two counts as 255, and 0 as the byte 0
 * q        FP8 E4M3 [N, K], stride[1] == 1
 * sf       FP32 [ceil(N / 128), ceil(K / 128)] or [N, ceil(K / 128)], any strides: its rows say which blocks there are
 * inexact  int32 of sf's shape, any strides: how many codes of a block do not stand for what the FP4 code did
 *
 * The scale of a block is the least power of two, from 2^-126 on, with which its largest magnitude is at most 448; 1 if
 * all are 0. A code is to nearest even of what remains. All are exact where the exponents of the highest bits and of the
 * lowest bits of a block's numbers lie at most 17 apart. Codes under a scale that is NaN become NaN and count as inexact. */
AOTGEMM_API aotgemm_status aotgemm_fp4_to_fp8(const aotgemm_tensor* weights, const aotgemm_tensor* scales,
                                              const aotgemm_tensor* q, const aotgemm_tensor* sf,
                                              const aotgemm_tensor* inexact, const aotgemm_launch* launch);

/* A cast to FP8 E4M3 with one scale for all elements that differ in some dimensions alone.
 *
 * x   BF16 or FP32 of 1 to 4 dimensions, any strides
 * q   FP8 E4M3 of x's shape, any strides
 * sf  FP32 of x's rank, any strides: the size of x in the dimensions that have a scale for each index, 1 in the others
 *
 * Arithmetic as in aotgemm_cast. */
AOTGEMM_API aotgemm_status aotgemm_cast_dims(const aotgemm_tensor* x, const aotgemm_tensor* q, const aotgemm_tensor* sf,
                                             int32_t use_ue8m0, const aotgemm_launch* launch);

#ifdef __cplusplus
}
#endif

#endif /* AOTGEMM_CONVERT_H_ */
