/* aotgemm: a thin layer over the CUDA driver, enough for self-tests without a framework. aotgemm.h includes it. */
#include "aotgemm/aotgemm.h" /* ahead of the guard: it includes this header where what it needs is known */

#ifndef AOTGEMM_DEVICE_H_
#define AOTGEMM_DEVICE_H_

#ifdef __cplusplus
extern "C" {
#endif

/* How many CUDA devices there are; 0 also where there is no driver. Creates no context. */
AOTGEMM_API int32_t aotgemm_cuda_device_count(void);
/* Why there are none: the driver's answer in words, or "" where there are some. */
AOTGEMM_API const char* aotgemm_cuda_unavailable_reason(void);
AOTGEMM_API int32_t aotgemm_cuda_driver_version(void); /* 13000 for 13.0; 0 where there is no driver */
AOTGEMM_API aotgemm_status aotgemm_cuda_device(int32_t ordinal, aotgemm_device* device);

/* Loads every kernel of the device's architecture now instead of at first use; *loaded says how many. */
AOTGEMM_API aotgemm_status aotgemm_preload(int32_t ordinal, int32_t* loaded);

AOTGEMM_API aotgemm_status aotgemm_cuda_malloc(int32_t ordinal, size_t bytes, void** pointer);
AOTGEMM_API aotgemm_status aotgemm_cuda_free(int32_t ordinal, void* pointer);
/* Either side may be host memory; synchronous. */
AOTGEMM_API aotgemm_status aotgemm_cuda_memcpy(int32_t ordinal, void* to, const void* from, size_t bytes);
AOTGEMM_API aotgemm_status aotgemm_cuda_memset(int32_t ordinal, void* pointer, int32_t byte, size_t bytes);
AOTGEMM_API aotgemm_status aotgemm_cuda_synchronize(int32_t ordinal);
/* A stream beside the default one, which waits for nothing on that. */
AOTGEMM_API aotgemm_status aotgemm_cuda_stream_create(int32_t ordinal, void** stream);
AOTGEMM_API aotgemm_status aotgemm_cuda_stream_destroy(int32_t ordinal, void* stream);
/* Events for timing: create, record on a stream (NULL: default), elapsed after synchronize, destroy. */
AOTGEMM_API aotgemm_status aotgemm_cuda_event_create(int32_t ordinal, void** event);
AOTGEMM_API aotgemm_status aotgemm_cuda_event_record(int32_t ordinal, void* event, void* stream);
AOTGEMM_API aotgemm_status aotgemm_cuda_event_elapsed_us(int32_t ordinal, void* start, void* end, double* us);
AOTGEMM_API aotgemm_status aotgemm_cuda_event_destroy(int32_t ordinal, void* event);

#ifdef __cplusplus
}
#endif

#endif /* AOTGEMM_DEVICE_H_ */
