/* aotgemm: the kernels that this library holds. aotgemm.h includes it. */
#include "aotgemm/aotgemm.h" /* ahead of the guard: it includes this header where what it needs is known */

#ifndef AOTGEMM_INVENTORY_H_
#define AOTGEMM_INVENTORY_H_

#ifdef __cplusplus
extern "C" {
#endif

/* One compiled GEMM kernel. Strings live as long as the library. */
typedef struct aotgemm_spec {
    const char* name;
    const char* arch;     /* "sm_90a" */
    const char* family;   /* "fp8_gemm_1d2d" */
    const char* grouping; /* "dense" */
    const char* layout;   /* "nt" */
    const char* out_dtype; /* "bf16", "fp32" */
    const char* sha256;   /* of the cubin, 64 hex digits */
    int32_t block_m, block_n, block_k; /* block_m counts rows of D, block_n columns, swap_ab or not */
    int32_t stages, in_flight;
    int32_t cluster_m, cluster_n;
    int32_t swap_ab;
    int32_t threads;
    int32_t shared_bytes;
} aotgemm_spec;

AOTGEMM_API int32_t aotgemm_spec_count(void);
/* NULL for an index out of range. */
AOTGEMM_API const aotgemm_spec* aotgemm_spec_at(int32_t index);

/* Any embedded cubin, GEMM or not. */
typedef struct aotgemm_cubin {
    const char* name; /* also the kernel's symbol */
    const char* arch; /* "sm_90a", "sm_100a" */
    const char* sha256;
    const unsigned char* data;
    size_t size;
} aotgemm_cubin;

AOTGEMM_API int32_t aotgemm_cubin_count(void);
AOTGEMM_API const aotgemm_cubin* aotgemm_cubin_at(int32_t index);

#ifdef __cplusplus
}
#endif

#endif /* AOTGEMM_INVENTORY_H_ */
