// The part of the C ABI that stands in for a framework: devices, memory, copies and events.
#include "aotgemm/aotgemm.h"
#include "dispatch/runtime/cubin_store.hpp"
#include "dispatch/runtime/device.hpp"

using namespace aotgemm;

namespace {

// Runs the body with the driver and the device's context current.
template <class Body>
aotgemm_status on_device(int32_t ordinal, Body&& body) {
    return guarded([&] {
        const ContextScope scope(cuda_device(ordinal));
        body(driver());
    });
}

CUdeviceptr address(const void* pointer) { return reinterpret_cast<CUdeviceptr>(pointer); }

}  // namespace

int32_t aotgemm_cuda_device_count(void) {
    if (!driver_unavailable_reason().empty()) return 0;
    int count = 0;
    return driver().cuDeviceGetCount(&count) == CUDA_SUCCESS ? count : 0;
}

const char* aotgemm_cuda_unavailable_reason(void) { return driver_unavailable_reason().c_str(); }

int32_t aotgemm_cuda_driver_version(void) {
    if (!driver_unavailable_reason().empty()) return 0;
    int version = 0;
    return driver().cuDriverGetVersion(&version) == CUDA_SUCCESS ? version : 0;
}

aotgemm_status aotgemm_cuda_device(int32_t ordinal, aotgemm_device* device) {
    return guarded([&] { required("device", device) = cuda_device(ordinal).description; });
}

aotgemm_status aotgemm_preload(int32_t ordinal, int32_t* loaded) {
    return guarded([&] { required("loaded", loaded) = preload(cuda_device(ordinal)); });
}

aotgemm_status aotgemm_cuda_malloc(int32_t ordinal, size_t bytes, void** pointer) {
    return on_device(ordinal, [&](const Driver& cuda) {
        void*& out = required("pointer", pointer);
        CUdeviceptr memory = 0;
        check_cuda(cuda.cuMemAlloc(&memory, bytes), "cuMemAlloc", text("of ", bytes, " bytes"));
        out = reinterpret_cast<void*>(memory);
    });
}

aotgemm_status aotgemm_cuda_free(int32_t ordinal, void* pointer) {
    return on_device(ordinal, [&](const Driver& cuda) { check_cuda(cuda.cuMemFree(address(pointer)), "cuMemFree"); });
}

aotgemm_status aotgemm_cuda_memcpy(int32_t ordinal, void* to, const void* from, size_t bytes) {
    return on_device(ordinal, [&](const Driver& cuda) {
        check_not_null("to", to);
        check_not_null("from", from);
        check_cuda(cuda.cuMemcpy(address(to), address(from), bytes), "cuMemcpy", text("of ", bytes, " bytes"));
    });
}

aotgemm_status aotgemm_cuda_memset(int32_t ordinal, void* pointer, int32_t byte, size_t bytes) {
    return on_device(ordinal, [&](const Driver& cuda) {
        check_not_null("pointer", pointer);
        check_cuda(cuda.cuMemsetD8(address(pointer), static_cast<unsigned char>(byte), bytes), "cuMemsetD8");
    });
}

aotgemm_status aotgemm_cuda_synchronize(int32_t ordinal) {
    return on_device(ordinal, [](const Driver& cuda) { check_cuda(cuda.cuCtxSynchronize(), "cuCtxSynchronize"); });
}

aotgemm_status aotgemm_cuda_stream_create(int32_t ordinal, void** stream) {
    return on_device(ordinal, [&](const Driver& cuda) {
        void*& out = required("stream", stream);
        CUstream created = nullptr;
        check_cuda(cuda.cuStreamCreate(&created, CU_STREAM_NON_BLOCKING), "cuStreamCreate");
        out = created;
    });
}

aotgemm_status aotgemm_cuda_stream_destroy(int32_t ordinal, void* stream) {
    return on_device(ordinal, [&](const Driver& cuda) {
        check_cuda(cuda.cuStreamDestroy(static_cast<CUstream>(stream)), "cuStreamDestroy");
    });
}

aotgemm_status aotgemm_cuda_event_create(int32_t ordinal, void** event) {
    return on_device(ordinal, [&](const Driver& cuda) {
        void*& out = required("event", event);
        CUevent created = nullptr;
        check_cuda(cuda.cuEventCreate(&created, CU_EVENT_DEFAULT), "cuEventCreate");
        out = created;
    });
}

aotgemm_status aotgemm_cuda_event_record(int32_t ordinal, void* event, void* stream) {
    return on_device(ordinal, [&](const Driver& cuda) {
        check_not_null("event", event);
        check_cuda(cuda.cuEventRecord(static_cast<CUevent>(event), static_cast<CUstream>(stream)), "cuEventRecord");
    });
}

aotgemm_status aotgemm_cuda_event_elapsed_us(int32_t ordinal, void* start, void* end, double* us) {
    return on_device(ordinal, [&](const Driver& cuda) {
        check_cuda(cuda.cuEventSynchronize(static_cast<CUevent>(end)), "cuEventSynchronize");
        double& out = required("us", us);
        check_not_null("start", start);
        check_not_null("end", end);
        float milliseconds = 0;
        check_cuda(cuda.cuEventElapsedTime(&milliseconds, static_cast<CUevent>(start), static_cast<CUevent>(end)),
                   "cuEventElapsedTime");
        out = milliseconds * 1e3;
    });
}

aotgemm_status aotgemm_cuda_event_destroy(int32_t ordinal, void* event) {
    return on_device(ordinal, [&](const Driver& cuda) {
        check_cuda(cuda.cuEventDestroy(static_cast<CUevent>(event)), "cuEventDestroy");
    });
}
