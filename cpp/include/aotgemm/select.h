/* aotgemm: the selection, a pure function of problem and device. aotgemm.h includes it. */
#include "aotgemm/aotgemm.h" /* ahead of the guard: it includes this header where what it needs is known */

#ifndef AOTGEMM_SELECT_H_
#define AOTGEMM_SELECT_H_

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aotgemm_device {
    char name[64];        /* as the driver says it, or the name asked for */
    int32_t cc_major, cc_minor;
    int32_t num_sms;
    int32_t memory_gbps;  /* nominal DRAM bandwidth, GB/s */
    int32_t clock_mhz;    /* nominal boost clock */
} aotgemm_device;

typedef struct aotgemm_problem {
    const char* family;    /* "fp8_gemm_1d2d" */
    const char* grouping;  /* "dense", "batched", "contiguous", "psum", "masked", "k_grouped", "batch_reduced" */
    const char* layout;    /* "nt" */
    const char* out_dtype; /* "bf16"; batch_reduced: "fp32", of the partial sums */
    int32_t groups;        /* 1 if dense; batch_reduced: batches */
    int64_t m; /* rows of A: of all groups (contiguous, psum), expected in each (masked), in each (the others) */
    int64_t n, k; /* k_grouped: k is the sum over the groups */
    int32_t num_sms; /* SMs it may use; 0 for all of the device's */
} aotgemm_problem;

typedef struct aotgemm_selection {
    int32_t kernel; /* index for aotgemm_spec_at */
    int32_t grid;   /* thread blocks */
    int64_t tiles;
    double predicted_us; /* what chooses: computed for these sizes over measured rates of the kernel's tiles, or over
                            published facts on an architecture where none were measured (sm_100a); reason says which */
    double measured_us;  /* 0: no time of a whole call chooses */
    char reason[256];
} aotgemm_selection;

/* Fills at most capacity choices, best first, and says in *count how many; the first is what a call would run. */
AOTGEMM_API aotgemm_status aotgemm_select(const aotgemm_problem* problem, const aotgemm_device* device,
                                          aotgemm_selection* choices, int32_t capacity, int32_t* count);

/* *measured is 1 where the selection predicts over rates that were measured on the device's architecture, 0 where it
 * does over published facts. AOTGEMM_ERROR_DEVICE where it has neither. */
AOTGEMM_API aotgemm_status aotgemm_has_measured_rates(const aotgemm_device* device, int32_t* measured);

/* The time that a tile would take, whether a kernel has it or not, computed from published facts. */
typedef struct aotgemm_tile_time {
    double us;
    double computing_us; /* of the busiest block */
    double memory_us;    /* to read A and B once and write D */
    double tensor_share; /* of the tensor cores' peak, over us */
    int64_t tiles, waves; /* waves: tiles of the busiest block */
    int32_t working;      /* blocks that have a tile */
    int32_t loads_bound;  /* 1: loads from the L2 are what computing_us waits for, not the tensor cores */
} aotgemm_tile_time;

/* tile: block_m, block_n, block_k (elements), cluster_m, cluster_n (two blocks at most, a CTA pair) and swap_ab count;
 * the words need not be there. AOTGEMM_ERROR_DEVICE for a compute capability other than 10.0, on which kernels are
 * measured; AOTGEMM_ERROR_SHAPE for sizes that no call or tile has. */
AOTGEMM_API aotgemm_status aotgemm_predict_tile(const aotgemm_spec* tile, const aotgemm_problem* problem,
                                                const aotgemm_device* device, aotgemm_tile_time* time);

/* The devices known by name without a GPU ("h100", "h200", ...); NULL past the end. */
AOTGEMM_API const char* aotgemm_named_device_at(int32_t index);
AOTGEMM_API aotgemm_status aotgemm_named_device(const char* name, aotgemm_device* device);

#ifdef __cplusplus
}
#endif

#endif /* AOTGEMM_SELECT_H_ */
