/* aotgemm: what a process has done, and a line for each call while it runs. Results never depend on it. */
#ifndef AOTGEMM_OBSERVE_H_
#define AOTGEMM_OBSERVE_H_

#include <aotgemm/aotgemm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Since the process began. */
typedef struct aotgemm_stats {
    int64_t cpu_gemms; /* GEMMs computed on the CPU; of an FP8 call over groups of K, one a group */
    int64_t launches;  /* kernels launched, of all kinds */
    int64_t loads;     /* kernels loaded, at their first use or by aotgemm_preload */
    int64_t refused;   /* calls that a strict plan did not have */
} aotgemm_stats;

AOTGEMM_API aotgemm_stats aotgemm_get_stats(void);

/* Launches of one kernel, an index for aotgemm_cubin_at; 0 for any other index. */
AOTGEMM_API int64_t aotgemm_launches_of(int32_t cubin);

/* From now on a line is written to this file descriptor for each GEMM before it runs and for each launch of another
 * kernel; -1: no more. A line is written by one write() and holds comma-separated values, the last one in quotes:
 *
 *     aotgemm,1,<seconds since 1970>,<family>,<grouping>,<layout>,<output>,<m>,<n>,<k>,<groups>,<SMs>,<kernel>,"<why>"
 *
 * 1 is the number of this format. On the CPU SMs are 0 and the kernel is "cpu". What is not a GEMM has its kernel and
 * leaves the values from family to SMs empty. A line that cannot be written is lost. */
AOTGEMM_API void aotgemm_set_call_lines(int32_t file);

#ifdef __cplusplus
}
#endif

#endif /* AOTGEMM_OBSERVE_H_ */
