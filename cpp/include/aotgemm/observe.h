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

/* nvtxRangePushA and nvtxRangePop of NVTX, or functions of the caller's own; what they return is not looked at. */
typedef struct aotgemm_ranges {
    int (*push)(const char* name);
    int (*pop)(void);
} aotgemm_ranges;

/* From now on each GEMM, on the CPU or on a GPU, and each launch of a kernel is a range of the calling thread: from push
 * to pop, ranges of launches within that of their GEMM. A range has no part of what a GPU does later. A GEMM's name has
 * its family, grouping, layout, output, MxNxK and groups, as its line would have them; a launch's is its kernel's.
 * Null, or a null function: no more ranges. The functions must remain callable and may be called by several threads. */
AOTGEMM_API void aotgemm_set_ranges(const aotgemm_ranges* ranges);

#ifdef __cplusplus
}
#endif

#endif /* AOTGEMM_OBSERVE_H_ */
