/* aotgemm: plans, which say what kernel may run for which call. aotgemm.h includes it. */
#include "aotgemm/aotgemm.h" /* ahead of the guard: it includes this header where what it needs is known */

#ifndef AOTGEMM_PLAN_H_
#define AOTGEMM_PLAN_H_

#ifdef __cplusplus
extern "C" {
#endif

/* Values of M for which the selection is the same kernel. */
typedef struct aotgemm_interval {
    int64_t m_first, m_last;
    int32_t kernel;           /* index for aotgemm_spec_at */
    double first_us, last_us; /* predicted at both ends */
} aotgemm_interval;

/* The selection for M = m_first, m_first + m_step, ... up to m_last (problem->m is not read), as intervals in ascending
 * order. Writes at most capacity of them and says in *count how many there are. */
AOTGEMM_API aotgemm_status aotgemm_select_intervals(const aotgemm_problem* problem, const aotgemm_device* device,
                                                    int64_t m_first, int64_t m_last, int64_t m_step,
                                                    aotgemm_interval* intervals, int32_t capacity, int32_t* count);

typedef enum aotgemm_plan_mode {
    AOTGEMM_PLAN_OFF = 0,
    AOTGEMM_PLAN_RECORD, /* calls are noted, see aotgemm_plan_call_at; nothing is refused */
    AOTGEMM_PLAN_WARN,   /* the first call of each kind outside the plan leaves a sentence, see aotgemm_plan_warning */
    AOTGEMM_PLAN_STRICT  /* a call outside the plan fails with AOTGEMM_ERROR_PLAN before any launch */
} aotgemm_plan_mode;

/* A kernel the plan counts on, GEMM or not. */
typedef struct aotgemm_plan_kernel {
    const char *name, *arch, *sha256;
} aotgemm_plan_kernel;

/* Calls that differ in M alone, and their kernel. */
typedef struct aotgemm_plan_row {
    const char *family, *grouping, *layout, *out_dtype;
    int32_t groups;
    int64_t n, k;
    int32_t num_sms;         /* SMs it may use, not 0 */
    int64_t m_first, m_last; /* rows of one kind of call do not overlap */
    int32_t kernel;          /* index in the plan's kernels */
} aotgemm_plan_row;

typedef struct aotgemm_plan {
    int32_t cc_major, cc_minor, num_sms; /* the device it was made for */
    const aotgemm_plan_kernel* kernels;
    int32_t kernel_count;
    const aotgemm_plan_row* rows;
    int32_t row_count;
} aotgemm_plan;

/* From now on calls are held against the plan, on every thread; all of it is copied. plan may be NULL with
 * AOTGEMM_PLAN_RECORD. Before that, the sha256 of each kernel the plan names is recomputed from the embedded bytes: in
 * strict mode a kernel that is missing or differs fails with AOTGEMM_ERROR_PLAN, and what was in force stays; otherwise
 * aotgemm_plan_warning has the sentence. Loading again replaces the plan, AOTGEMM_PLAN_OFF ends it. Calls with CPU
 * operands run no kernel: of them only the sizes are held against the plan. */
AOTGEMM_API aotgemm_status aotgemm_plan_load(const aotgemm_plan* plan, aotgemm_plan_mode mode);
AOTGEMM_API aotgemm_plan_mode aotgemm_plan_mode_in_force(void);

/* The check that every call makes: problem->num_sms is that of the setting, device NULL for the CPU, kernel the index
 * of the spec chosen (-1 on the CPU). */
AOTGEMM_API aotgemm_status aotgemm_plan_check(const aotgemm_problem* problem, const aotgemm_device* device,
                                              int32_t kernel);

/* The sentence that warn mode has for the calling thread, or "". Reading it takes it away. */
AOTGEMM_API const char* aotgemm_plan_warning(void);

/* A call that was recorded, in the order in which they first came. */
typedef struct aotgemm_plan_call {
    aotgemm_problem problem; /* num_sms: SMs the call could use; 0 on the CPU */
    int32_t kernel;          /* index for aotgemm_spec_at; -1 on the CPU */
    int32_t planned;         /* whether the plan in force had it */
    int64_t count;
} aotgemm_plan_call;

/* Fills *call and returns 1, or returns 0 past the end. Its strings are valid until aotgemm_plan_forget_calls. */
AOTGEMM_API int32_t aotgemm_plan_call_at(int32_t index, aotgemm_plan_call* call);
AOTGEMM_API void aotgemm_plan_forget_calls(void);

#ifdef __cplusplus
}
#endif

#endif /* AOTGEMM_PLAN_H_ */
