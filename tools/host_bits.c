/* Prints a digest of each CPU result for fixed pseudo-random operands. Libraries for two processors are equal to the bit
 * where this program, built for each, prints the same lines (tests/wheels/test_processors.py runs one under emulation).
 *
 * Operands are random bits: zeros, subnormals, infinities and NaN among them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "aotgemm/aotgemm.h"

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint32_t next_bits(void) { /* xorshift64*, Vigna 2016 */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1du) >> 32);
}

static size_t element_bytes(int32_t dtype) {
    return dtype == AOTGEMM_FP8_E4M3 ? 1 : dtype == AOTGEMM_BF16 ? 2 : 4;
}

static size_t byte_count(const aotgemm_tensor* tensor) {
    size_t bytes = element_bytes(tensor->dtype);
    for (int axis = 0; axis < tensor->ndim; ++axis) bytes *= (size_t)tensor->shape[axis];
    return bytes;
}

static aotgemm_tensor matrix(int32_t dtype, int64_t rows, int64_t columns) {
    aotgemm_tensor tensor = {0};
    tensor.device_type = AOTGEMM_CPU;
    tensor.dtype = dtype;
    tensor.ndim = 2;
    tensor.shape[0] = rows;
    tensor.shape[1] = columns;
    tensor.stride[0] = columns;
    tensor.stride[1] = 1;
    const size_t bytes = byte_count(&tensor);
    unsigned char* data = malloc(bytes);
    if (data == NULL) exit(2);
    for (size_t i = 0; i < bytes; ++i) data[i] = (unsigned char)next_bits();
    tensor.data = data;
    return tensor;
}

/* Positive scales of ordinary size: 2^-8 to 2^8 with a random significand. */
static aotgemm_tensor scales(int64_t rows, int64_t columns) {
    aotgemm_tensor tensor = matrix(AOTGEMM_FP32, rows, columns);
    uint32_t* bits = tensor.data;
    for (int64_t i = 0; i < rows * columns; ++i) bits[i] = ((119u + bits[i] % 17u) << 23) | (bits[i] >> 9);
    return tensor;
}

static void print_digest(const char* name, aotgemm_status status, const aotgemm_tensor* result) {
    if (status != AOTGEMM_OK) {
        fprintf(stderr, "%s: %s\n", name, aotgemm_last_error());
        exit(1);
    }
    uint64_t digest = 0xcbf29ce484222325u; /* FNV-1a */
    const unsigned char* bytes = result->data;
    for (size_t i = 0; i < byte_count(result); ++i) digest = (digest ^ bytes[i]) * 0x100000001b3u;
    printf("%s %016" PRIx64 "\n", name, digest);
}

static const aotgemm_launch cpu = {.kernel = -1};

static void fp8_gemms(int64_t m, int64_t n, int64_t k) {
    const int64_t blocks = (k + 127) / 128;
    aotgemm_tensor a = matrix(AOTGEMM_FP8_E4M3, m, k), b = matrix(AOTGEMM_FP8_E4M3, n, k);
    aotgemm_tensor sfa = scales(m, blocks), sfb = scales((n + 127) / 128, blocks), sfb_rows = scales(n, blocks);
    aotgemm_tensor d = matrix(AOTGEMM_BF16, m, n), d32 = matrix(AOTGEMM_FP32, m, n), c = matrix(AOTGEMM_FP32, m, n);
    print_digest("fp8_gemm_nt", aotgemm_fp8_gemm_nt(&a, &sfa, &b, &sfb, &d, &cpu), &d);
    print_digest("fp8_gemm_nt_1d1d", aotgemm_fp8_gemm_nt_1d1d(&a, &sfa, &b, &sfb_rows, &c, &d32, &cpu), &d32);
}

static void bf16_gemm(const char* layout, int64_t m, int64_t n, int64_t k) {
    const int a_by_k = layout[0] == 't', b_by_k = layout[1] == 'n';
    aotgemm_tensor a = a_by_k ? matrix(AOTGEMM_BF16, k, m) : matrix(AOTGEMM_BF16, m, k);
    aotgemm_tensor b = b_by_k ? matrix(AOTGEMM_BF16, k, n) : matrix(AOTGEMM_BF16, n, k);
    aotgemm_tensor d = matrix(AOTGEMM_FP32, m, n);
    print_digest(layout, aotgemm_bf16_gemm(layout, &a, &b, NULL, &d, &cpu), &d);
}

static void casts(int64_t rows, int64_t columns) {
    aotgemm_tensor x = matrix(AOTGEMM_FP32, rows, columns), q = matrix(AOTGEMM_FP8_E4M3, rows, columns);
    aotgemm_tensor by_token = scales(rows, (columns + 127) / 128);
    aotgemm_tensor by_block = scales((rows + 127) / 128, (columns + 127) / 128);
    const aotgemm_status token = aotgemm_per_token_cast_to_fp8(&x, &q, &by_token, 0, &cpu);
    print_digest("per_token_cast_to_fp8", token, &q);
    print_digest("per_token_cast_to_fp8 sf", token, &by_token);
    const aotgemm_status block = aotgemm_per_block_cast_to_fp8(&x, &q, &by_block, 1, &cpu);
    print_digest("per_block_cast_to_fp8", block, &q);
    print_digest("per_block_cast_to_fp8 sf", block, &by_block);
}

int main(void) {
    fp8_gemms(67, 136, 400);
    fp8_gemms(5, 1032, 1024);
    bf16_gemm("nt", 37, 72, 136);
    bf16_gemm("nn", 37, 72, 144);
    bf16_gemm("tn", 40, 72, 131);
    casts(131, 384);
    return 0;
}
