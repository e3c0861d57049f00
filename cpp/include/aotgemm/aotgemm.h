/* aotgemm: the C ABI of libaotgemm.so.
 *
 * Plain C, no CUDA header, no Python: a C++ server can include this file and link the library. Every function
 * that can fail returns an aotgemm_status; aotgemm_last_error() then holds the sentence for the calling thread.
 * A null argument where one is needed is AOTGEMM_ERROR_DTYPE. Nothing here compiles, writes a file or reads the
 * environment. libcuda is opened by the first call that names a CUDA device, never before.
 */
#ifndef AOTGEMM_AOTGEMM_H_
#define AOTGEMM_AOTGEMM_H_

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define AOTGEMM_API __attribute__((visibility("default")))
#else
#define AOTGEMM_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum aotgemm_status {
    AOTGEMM_OK = 0,
    AOTGEMM_ERROR_SHAPE,          /* a size that does not fit the others, or is not a legal multiple */
    AOTGEMM_ERROR_DTYPE,          /* an element type this call does not take */
    AOTGEMM_ERROR_LAYOUT,         /* a stride or an alignment that the hardware cannot address */
    AOTGEMM_ERROR_DEVICE,         /* operands on different devices, or a device the library holds no kernels for */
    AOTGEMM_ERROR_KERNEL_MISSING, /* no compiled kernel of that name, or none legal for the problem */
    AOTGEMM_ERROR_PLAN,           /* a call outside the loaded plan */
    AOTGEMM_ERROR_CUDA,           /* the driver refused; the sentence has its code and the call */
    AOTGEMM_ERROR_INTERNAL        /* out of memory, or a broken build */
} aotgemm_status;

/* Device types are DLPack's numbers, so a DLTensor's device passes through. */
typedef enum aotgemm_device_type { AOTGEMM_CPU = 1, AOTGEMM_CUDA = 2 } aotgemm_device_type;

typedef enum aotgemm_dtype {
    AOTGEMM_DTYPE_OTHER = 0, /* anything the library has no use for; the checks name it as such */
    AOTGEMM_FP8_E4M3,        /* float8_e4m3fn */
    AOTGEMM_BF16,
    AOTGEMM_FP32,
    AOTGEMM_INT32,
    AOTGEMM_INT8             /* two FP4 E2M1 codes, the first in the low four bits */
} aotgemm_dtype;

/* A strided tensor the caller owns. Strides count elements. */
typedef struct aotgemm_tensor {
    void* data;
    int32_t device_type; /* aotgemm_device_type */
    int32_t device_id;   /* CUDA ordinal; 0 on the CPU */
    int32_t dtype;       /* aotgemm_dtype */
    int32_t ndim;        /* 0 to 4 */
    int64_t shape[4];
    int64_t stride[4];
} aotgemm_tensor;

/* Device memory for what a call needs beside its operands: MN-major copies of scales, partial sums.
 *
 * allocate  bytes of memory on CUDA device `device`, at a multiple of 16 bytes, or NULL if there are none. The work on
 *           it is enqueued on the call's stream: memory that the allocator hands out must be free in that stream's order.
 * release   takes back what allocate returned, before the call returns, with the work on it enqueued and not yet done
 * context   passed to both
 *
 * Neither is called for CPU operands, nor from another thread than the call's. */
typedef struct aotgemm_allocator {
    void* (*allocate)(void* context, int32_t device, size_t bytes);
    void (*release)(void* context, void* memory);
    void* context;
} aotgemm_allocator;

/* Where a call runs. stream: a CUstream of the operands' device; NULL is that device's default stream. */
typedef struct aotgemm_launch {
    void* stream;
    int32_t kernel;      /* index of a spec to force (aotgemm_spec_at), or -1 to let the selection choose */
    int32_t cpu_threads; /* CPU operands: threads to use, 0 for one a core */
    const aotgemm_allocator* allocator; /* or NULL: a call that needs memory of its own is refused */
} aotgemm_launch;

/* ---- Calls -------------------------------------------------------------------------------------------------- */

/* A GEMM of any family and grouping. Zero-initialise it and set what the call has; the named functions below say for
 * each family and grouping which operands it takes, their shapes, dtypes and layouts, and fill such a struct in.
 *
 * family         grouping                layout          takes beside a, b, d
 * fp8_gemm_1d2d  dense                   nt              sfa, sfb, heads
 *                batched                 nt              sfa, sfb
 *                contiguous psum masked  nt              sfa, sfb, index, expected_m
 * fp8_gemm_1d1d  dense                   nt              sfa, sfb, c
 *                k_grouped               nt              sfa, sfb, c, index, ks
 * fp8_fp4_gemm_1d1d
 *                dense                   nt              sfa, sfb, c
 *                contiguous psum masked  nt              sfa, sfb, index, expected_m
 * bf16_gemm      dense                   nt nn tn tt     c
 *                batched                 nt nn
 *                contiguous psum         nt nn           index, expected_m
 *                masked                  nt              index, expected_m
 *                k_grouped               tn              c, index, ks
 *                batch_reduced           nt              c, workspace
 * fp8_fp4_gemm   dense                   nt nn tn tt     sfa, sfb, gran_k_a, gran_k_b, c, heads
 *                batched                 nt nn tn tt     sfa, sfb, gran_k_a, gran_k_b
 *                contiguous psum         nt nn           sfa, sfb, gran_k_a, gran_k_b, index, expected_m
 *                masked                  nt              sfa, sfb, gran_k_a, gran_k_b, index, expected_m
 *                k_grouped               tn              sfa, sfb, gran_k_a, gran_k_b, c, index, ks, scaled_ks
 *
 * fp8_fp4_gemm is of sm_100a: D = C + the sum over k of A[m, k] * 2^(sfa - 127) * B[n, k] * 2^(sfb - 127), one chain of
 * tensor-core steps of 32 over K (cpp/emulation/sm100/mma.hpp), C added in FP32 before D is rounded.
 * a, b      FP8 E4M3, or FP4 E2M1 in int8, two codes to a byte, the first in the low four bits; in any mix. A matrix of
 *           FP4 has half as many bytes as elements along the dimension of stride 1, a multiple of 128 elements;
 *           addresses and other strides are multiples of 32 bytes. Either dimension is adjacent, as of BF16, where the
 *           family reads both: not in A of contiguous and psum, nor in masked, which are K-major.
 * sfa, sfb  int32 [M or N, ceil(K / (4 * gran_k))], with groups in front where the operand has them: UE8M0 bytes of four
 *           scales of neighbouring ranges of K, the first in the low byte; 0xFF is NaN. Strides are (1, a multiple of 4
 *           from M or N on), 16-byte aligned. k_grouped: [M or N, sum over groups of ceil(K / (4 * gran_k))],
 *           where with scaled_ks a group's K is its element there, 0 to ks[g], and words behind the last group's are not
 *           read. Of the K behind it nothing is multiplied but what is left of a step of 32, which has to be zeros
 * d         BF16 or FP32 (dense, batched), BF16 (contiguous, psum, masked), FP32 (k_grouped, whose ks are multiples of 32)
 *
 * fp8_fp4_gemm_1d1d is of sm_90a: aotgemm_fp8_gemm_nt_1d1d, or each group's, of the FP8 weights that b and sfb stand for,
 * written down bit by bit in kernels/common/fp4_words.hpp and made by prepack_fp4_weights of the Python package.
 * a, sfa    FP8 E4M3 and FP32, as in aotgemm_fp8_gemm_nt and the grouped calls of family fp8_gemm_1d2d
 * b         int32 [N, 16 * ceil(K / 128)], with groups in front where there are some: eight FP4 E2M1 codes a word, those
 *           past K zero
 * sfb       int32 [N, ceil(K / 128)], with groups likewise, laid out as sfa: a word for a row and 128 columns
 * c, d      BF16
 *
 * Rules of all calls: operands live on one device. Elements of d share no address, neither with each other nor with
 * another operand, but that c may be d itself. Sizes are at most 2^31 - 513. Strides and addresses are what each call asks
 * for on CUDA; the CPU refuses others in the same words. N is a multiple of 8, K of 16 if A is FP8. K = 0 gives zeros, or
 * C + 0; a plan knows such a call as one of K = 128 (FP8) or 1 (BF16). Without rows or columns, d stays as it is. Scales
 * that are sound but that a GPU cannot read as they lie are copied on the launch's stream: up to 1 MiB of them into memory
 * that the library keeps for the stream, larger ones, and those of a stream that is captured, into memory of the launch's
 * allocator. Without an allocator all of them are AOTGEMM_ERROR_LAYOUT. On the CPU they have any strides. The same bits
 * come from every kernel, every SM count and the CPU.
 *
 * Errors: AOTGEMM_ERROR_KERNEL_MISSING for a family or grouping that is not above, AOTGEMM_ERROR_DTYPE for an operand
 * that is missing, AOTGEMM_ERROR_LAYOUT for one that is not taken or that has elements and no address, and those of each
 * check. */
typedef struct aotgemm_gemm_call {
    const char *family, *grouping, *layout;
    const aotgemm_tensor *a, *sfa, *b, *sfb, *c, *d; /* NULL: the call has none */
    const aotgemm_tensor* index; /* grouped_layout (contiguous, psum), masked_m (masked) or ks_tensor (k_grouped) */
    const int64_t* ks;           /* k_grouped: K of each group, on the host */
    int32_t ks_count;
    int64_t expected_m;          /* rows to expect in a group: a hint for the selection; 0 if unknown */
    int64_t head_left, head_mid, head_right; /* heads of D, see aotgemm_fp8_gemm_nt_skip_head_mid; head_mid 0: none */
    const aotgemm_tensor* workspace; /* batch_reduced: of the partial sums; NULL: memory of the launch's allocator */
    int32_t gran_k_a, gran_k_b;      /* fp8_fp4_gemm: elements of K under one scale, 32 or 128; 0 for the others */
    const aotgemm_tensor* scaled_ks; /* k_grouped of fp8_fp4_gemm: as index, K of each group that has scales; NULL: all */
} aotgemm_gemm_call;

AOTGEMM_API aotgemm_status aotgemm_gemm(const aotgemm_gemm_call* call, const aotgemm_launch* launch);

/* What the call of a grouping names its index: "grouped_layout", "masked_m" or "ks_tensor"; NULL where it has none. */
AOTGEMM_API const char* aotgemm_group_index_name(const char* grouping);

/* D[m, n] = sum over k of (A[m, k] * sfa[m, k/128]) * (B[n, k] * sfb[n/128, k/128]), family fp8_gemm_1d2d.
 *
 * a   FP8 E4M3 [M, K], K-major (stride[1] == 1)
 * sfa FP32 [M, ceil(K/128)]; on CUDA MN-major, strides (1, multiple of 4 not under M), or copied into that layout
 *     if the launch has an allocator; any strides on the CPU
 * b   FP8 E4M3 [N, K], K-major
 * sfb FP32 [ceil(N/128), ceil(K/128)], any strides
 * d   BF16 [M, N], row-major (stride[1] == 1)
 *
 * N is a multiple of 8 and K of 16; row strides are multiples of 16 bytes and data of a, b and d starts at a
 * multiple of 16 bytes. M, N or K may be 0 (K = 0 gives zeros). All five operands live on one device. The same
 * bits come from every kernel, every SM count and the CPU. */
AOTGEMM_API aotgemm_status aotgemm_fp8_gemm_nt(const aotgemm_tensor* a, const aotgemm_tensor* sfa,
                                               const aotgemm_tensor* b, const aotgemm_tensor* sfb,
                                               const aotgemm_tensor* d, const aotgemm_launch* launch);

/* Grouped: A and D hold the rows of all groups, B [G, N, K] a matrix for each. A row meets the B of its group alone.
 *
 * a   FP8 E4M3 [M, K]; sfa FP32 [M, ceil(K/128)], as in aotgemm_fp8_gemm_nt
 * b   FP8 E4M3 [G, N, K]; sfb FP32 [G, ceil(N/128), ceil(K/128)]
 * d   BF16 [M, N]
 * grouped_layout  int32, contiguous, on the operands' device
 *     use_psum 0: [M], the group of each row or -1. Each group starts at a multiple of 128 rows: within 128 rows all
 *     have one group or -1. Rows with -1 become zeros if one of their 128 has a group, and are not written otherwise.
 *     use_psum 1: [G], element g is where the rows of group g end; they start at the end of group g - 1 aligned to 128
 *     (group 0: at 0), or to what aotgemm_set_psum_alignment says. Rows between a group's end and that aligned end
 *     become zeros; rows beyond are not written.
 * expected_m  rows to expect in a group: a hint for the selection, which no bit depends on; 0 if unknown
 *
 * N is a multiple of 8, K of 16. On CUDA group strides are multiples of 16 bytes as well, and the index is
 * never read on the host; on the CPU an index out of range is AOTGEMM_ERROR_SHAPE. A group may be empty. */
AOTGEMM_API aotgemm_status aotgemm_m_grouped_fp8_gemm_nt_contiguous(
    const aotgemm_tensor* a, const aotgemm_tensor* sfa, const aotgemm_tensor* b, const aotgemm_tensor* sfb,
    const aotgemm_tensor* d, const aotgemm_tensor* grouped_layout, int32_t use_psum, int64_t expected_m,
    const aotgemm_launch* launch);

/* The multiple of rows at which groups start in such a layout: 128. */
AOTGEMM_API int32_t aotgemm_group_alignment(void);

/* The same for calls with use_psum, from 1 (groups follow one another) to 256; it starts as 128. It holds for the
 * process and is read at each call. While it is not 128, calls without use_psum are AOTGEMM_ERROR_SHAPE. */
AOTGEMM_API aotgemm_status aotgemm_set_psum_alignment(int32_t rows);
AOTGEMM_API int32_t aotgemm_get_psum_alignment(void);

/* The same with room for M rows in each group, of which the first masked_m[g] are computed; the others are neither
 * read nor written.
 *
 * a   FP8 E4M3 [G, M, K]; sfa FP32 [G, M, ceil(K/128)], on CUDA MN-major in each group, or copied
 * b   FP8 E4M3 [G, N, K]; sfb FP32 [G, ceil(N/128), ceil(K/128)]
 * d   BF16 [G, M, N]
 * masked_m  int32 [G], contiguous */
AOTGEMM_API aotgemm_status aotgemm_m_grouped_fp8_gemm_nt_masked(
    const aotgemm_tensor* a, const aotgemm_tensor* sfa, const aotgemm_tensor* b, const aotgemm_tensor* sfb,
    const aotgemm_tensor* d, const aotgemm_tensor* masked_m, int64_t expected_m, const aotgemm_launch* launch);

/* The same with all M rows of every group: a batched GEMM. Groups may lie at any stride, so D [B, H, N] may be written
 * through its view [H, B, N]; elements of D must not share an address. */
AOTGEMM_API aotgemm_status aotgemm_fp8_bmm_nt(const aotgemm_tensor* a, const aotgemm_tensor* sfa,
                                              const aotgemm_tensor* b, const aotgemm_tensor* sfb,
                                              const aotgemm_tensor* d, const aotgemm_launch* launch);

/* D[m, n] = sum over k of A[m, k] * B[n, k], or C[m, n] + that, family bf16_gemm.
 *
 * layout  "nt", "nn", "tn" or "tt": how the shapes of a and b are read
 * a  BF16 [M, K], or [K, M] if layout starts with t
 * b  BF16 [N, K], or [K, N] if layout ends with n
 * c  of d's dtype, [M, N], row-major, or NULL; it may be d itself, and no other overlap is allowed
 * d  BF16 or FP32 [M, N], row-major (stride[1] == 1)
 *
 * One dimension of a and of b has stride 1, whichever it is: no layout needs a copy. Other strides are multiples of
 * 16 bytes, as is where data starts, and N is a multiple of 8. M, N or K may be 0 (K = 0 gives zeros, or C + 0). All
 * operands live on one device. The same bits come from every layout, every kernel, every SM count and the CPU. */
AOTGEMM_API aotgemm_status aotgemm_bf16_gemm(const char* layout, const aotgemm_tensor* a, const aotgemm_tensor* b,
                                             const aotgemm_tensor* c, const aotgemm_tensor* d,
                                             const aotgemm_launch* launch);

/* aotgemm_fp8_gemm_nt into a D whose columns come in heads: of every left + mid + right columns of D [M, N / (left +
 * right) * (left + mid + right)], the middle ones are not written. left, mid and right are multiples of 8, N of
 * left + right. */
AOTGEMM_API aotgemm_status aotgemm_fp8_gemm_nt_skip_head_mid(const aotgemm_tensor* a, const aotgemm_tensor* sfa,
                                                             const aotgemm_tensor* b, const aotgemm_tensor* sfb,
                                                             const aotgemm_tensor* d, int64_t left, int64_t mid,
                                                             int64_t right, const aotgemm_launch* launch);

/* Family fp8_gemm_1d1d: D = C + the product, A and B scaled alike.
 *
 * a, sfa, b as in aotgemm_fp8_gemm_nt; sfb FP32 [N, ceil(K/128)], laid out as sfa
 * d   FP32 or BF16 [M, N]
 * c   NULL, or of d's dtype and shape, and may be d itself: added in FP32 before D is rounded */
AOTGEMM_API aotgemm_status aotgemm_fp8_gemm_nt_1d1d(const aotgemm_tensor* a, const aotgemm_tensor* sfa,
                                                    const aotgemm_tensor* b, const aotgemm_tensor* sfb,
                                                    const aotgemm_tensor* c, const aotgemm_tensor* d,
                                                    const aotgemm_launch* launch);

/* The same for each of `groups` groups with a K of its own, such as the weight gradients of experts.
 *
 * a   FP8 E4M3 [M * sum of ks]: for each group a matrix [M, ks[g]], one after the other; b likewise with N rows
 * sfa FP32 [M, sum of ks / 128], sfb FP32 [N, sum of ks / 128]
 * d   FP32 [G, M, N]; c NULL or as d
 * ks  ks_count numbers on the host, one a group, multiples of 128, 0 for an empty group (a sum over nothing)
 * ks_tensor  int32 [G], contiguous, the same numbers on the operands' device; on the CPU they are compared */
AOTGEMM_API aotgemm_status aotgemm_k_grouped_fp8_gemm_nt_contiguous(
    const aotgemm_tensor* a, const aotgemm_tensor* sfa, const aotgemm_tensor* b, const aotgemm_tensor* sfb,
    const aotgemm_tensor* c, const aotgemm_tensor* d, const int64_t* ks, int32_t ks_count,
    const aotgemm_tensor* ks_tensor, const aotgemm_launch* launch);

/* Grouped: as aotgemm_m_grouped_fp8_gemm_nt_contiguous without scales.
 *
 * layout "nt" with b BF16 [G, N, K], or "nn" with b [G, K, N]
 * a BF16 [M, K], K-major; d BF16 [M, N]
 *
 * One of the last two dimensions of b has stride 1, whichever it is. N is a multiple of 8; K may be 0. */
AOTGEMM_API aotgemm_status aotgemm_m_grouped_bf16_gemm_contiguous(
    const char* layout, const aotgemm_tensor* a, const aotgemm_tensor* b, const aotgemm_tensor* d,
    const aotgemm_tensor* grouped_layout, int32_t use_psum, int64_t expected_m, const aotgemm_launch* launch);

/* As aotgemm_m_grouped_fp8_gemm_nt_masked without scales: a BF16 [G, M, K], b BF16 [G, N, K], d BF16 [G, M, N].
 * All of them have stride 1 along their last dimension. */
AOTGEMM_API aotgemm_status aotgemm_m_grouped_bf16_gemm_nt_masked(
    const aotgemm_tensor* a, const aotgemm_tensor* b, const aotgemm_tensor* d, const aotgemm_tensor* masked_m,
    int64_t expected_m, const aotgemm_launch* launch);

/* A batched GEMM: a BF16 [G, M, K], b BF16 [G, N, K] ("nt") or [G, K, N] ("nn"), d BF16 [G, M, N]. Groups may lie at
 * any stride that is a multiple of 16 bytes; elements of d must not share an address. */
AOTGEMM_API aotgemm_status aotgemm_bf16_bmm(const char* layout, const aotgemm_tensor* a, const aotgemm_tensor* b,
                                            const aotgemm_tensor* d, const aotgemm_launch* launch);

/* D[g] = A_g^T @ B_g, or C[g] + that, where A_g and B_g are ks[g] rows of a and b, one group after the other.
 *
 * a BF16 [K, M], b BF16 [K, N], row-major; d FP32 [G, M, N]; c the same or NULL, and it may be d
 * ks         G numbers on the host that add up to K, each a multiple of 64, on sm_100a of 16, and possibly 0
 * ks_tensor  int32 [G], contiguous, the same numbers on the operands' device: what a GPU reads; on the CPU they are
 *            compared */
AOTGEMM_API aotgemm_status aotgemm_k_grouped_bf16_gemm_tn_contiguous(
    const aotgemm_tensor* a, const aotgemm_tensor* b, const aotgemm_tensor* c, const aotgemm_tensor* d,
    const int64_t* ks, int32_t ks_count, const aotgemm_tensor* ks_tensor, const aotgemm_launch* launch);

/* D[m, n] = sum over b and k of A[b, m, k] * B[b, n, k], or C[m, n] + that, family bf16_gemm. The same bits in every run,
 * from every kernel, every SM count and the CPU, for:
 *
 * 1. The batches are cut into R = aotgemm_batch_ranges(batches, M, N) ranges of L batches each, in ascending order; the
 *    last has the rest. tiles = ceil(M/128) * ceil(N/128); L = ceil(batches / min(max(132 / tiles rounded down, 1),
 *    batches)); R = ceil(batches / L).
 * 2. Each range is one chain of tensor-core steps of 16 from zero over K of its first batch, then of its second, and so
 *    on; K of every batch is filled up with zeros to a whole step.
 * 3. sum = chain 0 + chain 1 + ... + chain R - 1, in this order, each addition rounded to FP32.
 * 4. D = sum or, with one more addition in FP32, C + sum, rounded to nearest even if it is BF16.
 *
 * a  BF16 [batches, M, K], b BF16 [batches, N, K], K-major; other strides and addresses are multiples of 16 bytes
 * c  of d's dtype, [M, N], row-major, or NULL; it may be d itself, and no other overlap is allowed
 * d  BF16 or FP32 [M, N], row-major
 * workspace  FP32 [R, M, N], contiguous, overwritten; NULL on the CPU, if R is 1 and d is FP32, and if the launch has
 *            an allocator, which then gives that memory
 *
 * N is a multiple of 8; batches, M, N or K may be 0 (no batch and K = 0 give zeros, or C + 0). */
AOTGEMM_API aotgemm_status aotgemm_bf16_gemm_nt_batch_reduced(const aotgemm_tensor* a, const aotgemm_tensor* b,
                                                              const aotgemm_tensor* c, const aotgemm_tensor* d,
                                                              const aotgemm_tensor* workspace,
                                                              const aotgemm_launch* launch);
AOTGEMM_API int64_t aotgemm_batch_ranges(int64_t batches, int64_t m, int64_t n);

/* Indexer logits, family mqa_logits: of query row i for its own keys j, starts[i] <= j < ends[i],
 *
 *   logits[i, j] = (sum over heads h of max(q[i, h] . k[j], 0) * weights[i, h]) * kv_sf[j]
 *
 * q       FP8 E4M3 [M, H, D], contiguous; H is 16, 32 or 64, on sm_100a also 8, D is 32, 64 or 128
 * kv      FP8 E4M3 [N, D], stride[1] == 1, rows a multiple of 16 bytes apart
 * kv_sf   FP32 [N], contiguous
 * weights FP32 [M, H], stride[1] == 1
 * starts, ends  int32 [M], contiguous: positions of keys. ends is cut to N and starts to 0; ends <= starts is no key.
 * logits  FP32 or BF16 [M, width], stride[1] == 1, rows a multiple of 16 bytes apart. compressed 0: width is N, and key j
 *         lies in column j. compressed 1: key j lies in column j - starts[i], and keys beyond width are left out.
 * clean_logits  1: columns of no key become -infinity, not with compressed; 0: they stay as they are
 *
 * Data of q, kv, kv_sf and logits starts at a multiple of 16 bytes. M or N may be 0.
 *
 * The arithmetic of sm_90a is that of DeepGEMM 2.6.1 on Hopper, bit for bit: each dot product is one chain of tensor-core
 * steps of 32 from zero. For t = 0 to 3, even[t] is the sum over heads 2t, 2t + 8, 2t + 16, ...: the product of the
 * second of them rounded to FP32, the first one's added with one rounding (fma), then the third one's, and so on; odd[t]
 * likewise from head 2t + 1 on. part[t] = (even[t] + odd[t]) * kv_sf[j]; the logit is (part[0] + part[1]) + (part[2] +
 * part[3]), rounded to nearest even if it is BF16. Two differences to DeepGEMM: a NaN of any operand makes the logits that
 * it enters NaN, where DeepGEMM counts a dot product that is NaN as 0; and weights under 2^-125 in magnitude lose their
 * last bit, since half of a weight is what is multiplied by twice the positive part.
 *
 * The arithmetic of sm_100a is what DeepGEMM 2.6.1 states for Blackwell: each dot product is one chain of tensor-core steps
 * of 32 (kind f8f6f4) from zero. For t = 0 to 3, sum[t] is that over heads t, t + 4, t + 8, ... in this order from zero, of
 * twice the positive part times the weight, each added with one rounding (fma). The logit is (((sum[0] + sum[2]) +
 * (sum[1] + sum[3])) / 2) * kv_sf[j], rounded to nearest even if it is BF16. A NaN of any operand makes the logits that it
 * enters NaN. */
AOTGEMM_API aotgemm_status aotgemm_fp8_mqa_logits(const aotgemm_tensor* q, const aotgemm_tensor* kv,
                                                  const aotgemm_tensor* kv_sf, const aotgemm_tensor* weights,
                                                  const aotgemm_tensor* starts, const aotgemm_tensor* ends,
                                                  const aotgemm_tensor* logits, int32_t compressed,
                                                  int32_t clean_logits, const aotgemm_launch* launch);

/* The same, and on sm_100a in FP4 if q_sf is not NULL:
 *
 * q, kv   int8 [M, H, D/2] and [N, D/2], two E2M1 codes to a byte, the first in the low four bits; D is 64 or 128
 * q_sf    int32 [M, H], contiguous, data at a multiple of 16 bytes: four UE8M0, the first in the low byte, for the first to
 *         the last 32 elements of a head; with D = 64 the upper two are not used
 * kv_sf   int32 [N], the same for each key
 *
 * Each dot product is then one chain of steps of 64 (kind mxf4) from zero, with the scales in it, and the logit is not
 * multiplied by one. */
AOTGEMM_API aotgemm_status aotgemm_fp8_fp4_mqa_logits(const aotgemm_tensor* q, const aotgemm_tensor* q_sf,
                                                      const aotgemm_tensor* kv, const aotgemm_tensor* kv_sf,
                                                      const aotgemm_tensor* weights, const aotgemm_tensor* starts,
                                                      const aotgemm_tensor* ends, const aotgemm_tensor* logits,
                                                      int32_t compressed, int32_t clean_logits,
                                                      const aotgemm_launch* launch);

/* The same for rows of several sequences whose keys lie in blocks of a cache, family paged_mqa_logits.
 *
 * q        FP8 E4M3 [B, R, H, D], contiguous: R rows for each of B sequences; H and D as above
 * kv_cache FP8 E4M3, in truth bytes, [blocks, block_kv, 1, D + 4]; block_kv is 32 or 64. A block holds the values of all its
 *          keys, block_kv * D bytes, then their FP32 scales. Strides: (a multiple of 16, D + 4, any, 1) bytes
 * weights  FP32 [B * R, H], stride[1] == 1
 * context_lens  int32 [B, R], contiguous; the last column has the number of a sequence's keys, the same for all its rows
 * block_table   int32 [B, max_blocks], stride[1] == 1: the block of each block_kv keys; entries past the sequence's keys
 *          are not used, and the keys of a block that there is not are zeros with a scale of zero
 * schedule_meta int32 [slots + 1, 2], contiguous, of aotgemm_paged_mqa_logits_metadata or made elsewhere in that format:
 *          which keys are computed. What it says of other sequences or of keys past the end is left out
 * logits   FP32 or BF16 [B * R, width], stride[1] == 1, rows a multiple of 16 bytes apart; key j of the sequence lies in
 *          column j. Other columns stay as they are, and keys beyond width are left out
 *
 * Data of q, kv_cache and logits starts at a multiple of 16 bytes. */
AOTGEMM_API aotgemm_status aotgemm_fp8_paged_mqa_logits(
    const aotgemm_tensor* q, const aotgemm_tensor* kv_cache, const aotgemm_tensor* weights,
    const aotgemm_tensor* context_lens, const aotgemm_tensor* block_table, const aotgemm_tensor* schedule_meta,
    const aotgemm_tensor* logits, const aotgemm_launch* launch);

/* The same, and on sm_100a in FP4 if q_sf is not NULL: q is int8 [B, R, H, D/2], q_sf int32 [B, R, H] as above, and a block
 * of kv_cache, int8 [blocks, block_kv, 1, D/2 + 4], holds the codes of all its keys, then their words of scales. */
AOTGEMM_API aotgemm_status aotgemm_fp8_fp4_paged_mqa_logits(
    const aotgemm_tensor* q, const aotgemm_tensor* q_sf, const aotgemm_tensor* kv_cache, const aotgemm_tensor* weights,
    const aotgemm_tensor* context_lens, const aotgemm_tensor* block_table, const aotgemm_tensor* schedule_meta,
    const aotgemm_tensor* logits, const aotgemm_launch* launch);

/* Deals out the keys of all sequences to slots, in splits of 256: schedule_meta [slots + 1, 2], entry i is {sequence,
 * split} where slot i begins, the last one {B, 0}. With T splits in all, slot i begins at split i * (T / slots) +
 * max(0, i - (slots - T % slots)), counted through all sequences (division rounds down). context_lens as above;
 * block_kv: 32 or 64. */
AOTGEMM_API aotgemm_status aotgemm_paged_mqa_logits_metadata(const aotgemm_tensor* context_lens, int32_t block_kv,
                                                             const aotgemm_tensor* schedule_meta,
                                                             const aotgemm_launch* launch);

/* 1 if the scales sf (FP32, [mn, k] or [groups, mn, k]) already have the layout the TMA reads:
 * strides ([align(mn,4)*k,] 1, align(mn,4)) and 16-byte aligned data. */
AOTGEMM_API int32_t aotgemm_sf_is_aligned(const aotgemm_tensor* sf);

/* Copies scales of any strides into out, which has the aligned layout above and the same shape. */
AOTGEMM_API aotgemm_status aotgemm_sf_to_mn_major(const aotgemm_tensor* sf, const aotgemm_tensor* out,
                                                  const aotgemm_launch* launch);

/* Packs scales that are powers of two, four to a word: byte j (the low one first) of word w is the exponent (UE8M0) of
 * scale 4 * w + j; bytes of no scale are 0. The byte of a number that is no power of two, or negative, is 0xFF: NaN.
 *
 * sf   FP32 [ceil(mn / rows_per_scale), k] or with groups in front, any strides; row r of out is of row
 *      r / rows_per_scale of sf
 * out  int32 [mn, ceil(k/4)] or with groups in front, any strides
 * psum_layout  NULL, or int32 [G] as in the grouped GEMMs (sf of two dimensions): rows in the gaps between groups are not
 *      read, and their words are 0 */
AOTGEMM_API aotgemm_status aotgemm_pack_ue8m0(const aotgemm_tensor* sf, const aotgemm_tensor* out,
                                              const aotgemm_tensor* psum_layout, int64_t rows_per_scale,
                                              const aotgemm_launch* launch);

/* The same along K in groups that follow one another without gaps, in sf and in out: a group of K has ceil(K / gran_k)
 * scales and a quarter as many words, rounded up.
 *
 * sf   FP32 [scales of all groups, mn], any strides; out int32 [words, mn], any strides; words beyond those of
 *      the groups are not written
 * grouped_layout  int32 [G]: K of each group; if use_psum where each ends, starting at the end of the one before rounded
 *      up to a multiple of k_alignment, which is one of 32
 * gran_k 32 or 128 */
AOTGEMM_API aotgemm_status aotgemm_pack_ue8m0_k_grouped(const aotgemm_tensor* sf, const aotgemm_tensor* out,
                                                        const aotgemm_tensor* grouped_layout, int32_t gran_k,
                                                        int32_t k_alignment, int32_t use_psum,
                                                        const aotgemm_launch* launch);

/* A cast to FP8 E4M3 or FP4 E2M1 with a scale for each block of elements.
 *
 * kind             under one scale   x                    q
 * per_token_fp8    1 x gran_k        BF16 or FP32 [M, K]  FP8 E4M3 [M, K]
 * per_token_fp4    1 x gran_k        BF16 or FP32 [M, K]  int8 [M, K/2]: two E2M1 codes, the first in the low four bits
 * silu_mul_fp8     1 x gran_k        BF16 [M, 2K]         FP8 E4M3 [M, K]: of silu(gate) * up, gate = x[:, :K], up = x[:, K:]
 * per_block_fp8    gran_k x gran_k   BF16 or FP32 [M, K]  FP8 E4M3 [M, K]
 * per_channel_fp8  gran_k x 1        BF16 or FP32 [M, K]  FP8 E4M3 [M, K], M a multiple of gran_k
 *
 * sf is FP32 with the sizes of x divided by those of a block and rounded up, of any strides; per token also int32 with
 * four UE8M0 (exponent bytes) of neighbouring blocks, the first in the low byte. Columns of x and q are adjacent; elements of q and of sf share no address.
 *
 * Arithmetic, in FP32: amax is the largest |value| of the block; sf = max(amax, 1e-4) / 448 (FP8) or / 6 (FP4), raised to
 * the next power of two if use_ue8m0; r = 1 / sf; the code is that of value * r, rounded to nearest even and saturating
 * (FP8), or to nearest with ties toward zero and no negative zero (FP4). A NaN in a block makes its scale NaN and its
 * codes NaN (FP8) or 6 (FP4). silu_mul: with limit > 0 first gate = min(gate, limit) and up = clamp(up, -limit, limit);
 * then (gate * (1 / (1 + e^-gate))) * up in FP32, each step rounded to nearest, e^x as cpp/kernels/common/silu.cuh
 * states it: one arithmetic, the same bits on a GPU and on the CPU.
 *
 * grouping  per token: NULL or "dense"; "contiguous" and "psum" with grouped_layout as index, "masked" with masked_m and
 *           x, q and sf of three dimensions, as in the grouped GEMMs. Rows that do not count are neither read nor written;
 *           an index beyond the rows reads nothing on a GPU and is AOTGEMM_ERROR_SHAPE on the CPU. */
typedef struct aotgemm_cast_call {
    const char *kind, *grouping;
    const aotgemm_tensor *x, *q, *sf, *index; /* index: NULL where there is none */
    int32_t gran_k;                           /* 32 or 128 */
    int32_t use_ue8m0;
    int32_t pad_exponent; /* of packed scales: the bytes of a row's last word that belong to no block, 0 to 255 */
    float limit;          /* of silu_mul_fp8; 0: none */
} aotgemm_cast_call;

AOTGEMM_API aotgemm_status aotgemm_cast(const aotgemm_cast_call* call, const aotgemm_launch* launch);

/* Per-token cast: x BF16 or FP32 [M, K] (stride[1] == 1) -> q FP8 E4M3 [M, K] (stride[1] == 1),
 * sf FP32 [M, ceil(K/128)] of any strides.
 * sf = max(amax(|x|), 1e-4) / 448 over each 1x128 block, raised to the next power of two if use_ue8m0;
 * q = e4m3_rne_satfinite(x * (1 / sf)), all in FP32. A NaN in a block makes its scale and its values NaN. */
AOTGEMM_API aotgemm_status aotgemm_per_token_cast_to_fp8(const aotgemm_tensor* x, const aotgemm_tensor* q,
                                                         const aotgemm_tensor* sf, int32_t use_ue8m0,
                                                         const aotgemm_launch* launch);

/* The same over 128x128 blocks: sf FP32 [ceil(M/128), ceil(K/128)]. */
AOTGEMM_API aotgemm_status aotgemm_per_block_cast_to_fp8(const aotgemm_tensor* x, const aotgemm_tensor* q,
                                                         const aotgemm_tensor* sf, int32_t use_ue8m0,
                                                         const aotgemm_launch* launch);

/* D[s, m, n] = sum over k of A[m, k] * B[n, k] and sqr_sum[s, m] = sum over k of A[m, k]^2, each over the k of split s,
 * family tf32_hc_prenorm_gemm: what comes before the norm of a hyper-connection.
 *
 * a  BF16 [M, K], b FP32 [N, K], K-major, other strides and addresses multiples of 16 bytes
 * d  FP32 [num_splits, M, N], or [M, N] if num_splits is 0; stride 1 in N, no two elements at one address
 * sqr_sum  FP32 [num_splits, M], or [M], contiguous
 *
 * N is 8, 16, 24 or 32, K a multiple of 64, any number of splits. The same bits come from every SM count and the CPU,
 * and a row's do not depend on the other rows:
 *
 * 1. The K / 64 blocks of K are cut into num_splits runs in ascending order; the first (K / 64) % num_splits have one
 *    block more. A run without a block gives zeros.
 * 2. B is rounded to TF32, to nearest even, as a TMA load of type TFLOAT32 does; A has no bit too many. D is one chain of tensor-core steps of 8 from zero
 *    over the run.
 * 3. Of the squares of a row there are eight chains p[0] to p[7], by k % 8, in ascending k, each from zero:
 *    p = fma(A[m, k], A[m, k], p) in FP32. sqr_sum = ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7])).
 *
 * M = 0 leaves d and sqr_sum as they are. */
AOTGEMM_API aotgemm_status aotgemm_tf32_hc_prenorm_gemm(const aotgemm_tensor* a, const aotgemm_tensor* b,
                                                        const aotgemm_tensor* d, const aotgemm_tensor* sqr_sum,
                                                        int64_t num_splits, const aotgemm_launch* launch);

/* One chain of Hopper tensor-core steps over all of K from zero, on the CPU: d FP32 [M, N] = a [M, K] @ b [N, K]^T.
 * a and b are both FP8 E4M3, BF16, or FP32 (read as TF32: the low 13 bits are ignored). This is the arithmetic
 * the CPU backend is made of, exposed so that it can be checked against hardware. */
AOTGEMM_API aotgemm_status aotgemm_emulate_wgmma(const aotgemm_tensor* a, const aotgemm_tensor* b,
                                                 const aotgemm_tensor* d, const aotgemm_launch* launch);

/* D += a @ b^T, FP32 [M, N], by Blackwell's tcgen05.mma, one instruction for each step of K in ascending order: on a GPU of
 * sm_100a by the instruction itself, on the CPU by the steps that the CPU backend for sm_100a is made of. Exposed so that
 * these can be checked against hardware; every operand is raw bits.
 *
 * kind      "f16" (16 of K in a step), "tf32" (8), "f8f6f4" (32), "mxf8f6f4" (32), "mxf4" (64) or "mxf4nvf4" (64)
 * type_a    of f16 "bf16" or "fp16", the same for b; of tf32 "tf32"; of f8f6f4 and mxf8f6f4 "e4m3", "e5m2" or "e2m1", in
 *           any mix; of mxf4 and mxf4nvf4 "e2m1"
 * a, b      int8 [M, bytes] and [N, bytes]: the raw bits of a row, whole steps of them; a byte for each code of E2M1, in
 *           its low four bits
 * sfa, sfb  in int8 [M, scales] and [N, scales]: UE8M0, one a step (mxf8f6f4) or two (mxf4); UE4M3, four a step (mxf4nvf4);
 *           or NULL */
AOTGEMM_API aotgemm_status aotgemm_tcgen05_mma(const char* kind, const char* type_a, const aotgemm_tensor* a,
                                               const aotgemm_tensor* sfa, const char* type_b, const aotgemm_tensor* b,
                                               const aotgemm_tensor* sfb, const aotgemm_tensor* d,
                                               const aotgemm_launch* launch);

/* The architecture that a call on CPU operands speaks for, "sm_90a" (as which it starts) or "sm_100a": by it a caller that
 * leaves the family to the device chooses one, see aotgemm_family_is_for, and by its arithmetic an indexer's logits are
 * computed. All other families have the same bits everywhere. */
AOTGEMM_API aotgemm_status aotgemm_set_cpu_arch(const char* arch);
AOTGEMM_API const char* aotgemm_get_cpu_arch(void);

/* Fails where a tensor of any element type has elements and no address. For callers that read one on their own. */
AOTGEMM_API aotgemm_status aotgemm_check_address(const aotgemm_tensor* tensor, const char* name);

/* *arch: "sm_90a" or "sm_100a", that of the tensor's GPU, or aotgemm_get_cpu_arch(); "" for another GPU. */
AOTGEMM_API aotgemm_status aotgemm_arch_of(const aotgemm_tensor* tensor, const char** arch);

/* *is_for: whether a GEMM family has kernels for where the tensor lies. A caller that leaves the family to the device asks
 * this of fp8_gemm_1d2d or fp8_gemm_1d1d, and takes fp8_fp4_gemm if it is not. 1 too on a GPU that no family has kernels
 * for: the call will say so. */
AOTGEMM_API aotgemm_status aotgemm_family_is_for(const char* family, const aotgemm_tensor* tensor, int32_t* is_for);

/* SMs that later calls may use on the current device; 0 restores all of them. Read at each call. */
AOTGEMM_API aotgemm_status aotgemm_set_num_sms(int32_t num_sms);
/* The value set, or 0 where none is. */
AOTGEMM_API int32_t aotgemm_get_num_sms(void);

/* Programmatic dependent launch for later launches (off at start). */
AOTGEMM_API void aotgemm_set_pdl(int32_t enabled);
AOTGEMM_API int32_t aotgemm_get_pdl(void);

/* While enabled, calls check their arguments, load their kernel and return: nothing is computed or written. */
AOTGEMM_API void aotgemm_set_compile_only(int32_t enabled);
AOTGEMM_API int32_t aotgemm_get_compile_only(void);

AOTGEMM_API const char* aotgemm_version(void);

/* The sentence for the last failure on this thread; "" if there was none. Valid until the thread's next call. */
AOTGEMM_API const char* aotgemm_last_error(void);

#ifdef __cplusplus
}
#endif

#include "aotgemm/inventory.h" /* what this library holds */
#include "aotgemm/select.h"    /* which kernel a call would run */
#include "aotgemm/device.h"    /* a thin layer over the driver */
#include "aotgemm/plan.h"      /* which kernel may run for which call */

#endif /* AOTGEMM_AOTGEMM_H_ */
