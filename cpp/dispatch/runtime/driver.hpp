// libcuda, opened when a CUDA device is first named and never linked: the library loads where there is no driver.
#pragma once

#include <cuda.h>

#include <string>

#include "dispatch/base/failure.hpp"

namespace aotgemm {

// Every driver function the library uses, by its versioned symbol where there is one.
#define AOTGEMM_DRIVER_FUNCTIONS(X)                                     \
    X(cuInit, cuInit)                                                   \
    X(cuDriverGetVersion, cuDriverGetVersion)                           \
    X(cuGetErrorName, cuGetErrorName)                                   \
    X(cuGetErrorString, cuGetErrorString)                               \
    X(cuDeviceGetCount, cuDeviceGetCount)                               \
    X(cuDeviceGet, cuDeviceGet)                                         \
    X(cuDeviceGetName, cuDeviceGetName)                                 \
    X(cuDeviceGetAttribute, cuDeviceGetAttribute)                       \
    X(cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain)               \
    X(cuCtxGetCurrent, cuCtxGetCurrent)                                 \
    X(cuCtxGetDevice, cuCtxGetDevice)                                   \
    X(cuCtxPushCurrent, cuCtxPushCurrent_v2)                            \
    X(cuCtxPopCurrent, cuCtxPopCurrent_v2)                              \
    X(cuCtxSynchronize, cuCtxSynchronize)                               \
    X(cuLibraryLoadData, cuLibraryLoadData)                             \
    X(cuLibraryGetKernel, cuLibraryGetKernel)                           \
    X(cuKernelSetAttribute, cuKernelSetAttribute)                       \
    X(cuKernelGetFunction, cuKernelGetFunction)                         \
    X(cuLaunchKernelEx, cuLaunchKernelEx)                               \
    X(cuTensorMapEncodeTiled, cuTensorMapEncodeTiled)                   \
    X(cuMemAlloc, cuMemAlloc_v2)                                        \
    X(cuMemFree, cuMemFree_v2)                                          \
    X(cuMemcpy, cuMemcpy)                                               \
    X(cuMemsetD8, cuMemsetD8_v2)                                        \
    X(cuMemsetD2D8Async, cuMemsetD2D8Async)                             \
    X(cuEventCreate, cuEventCreate)                                     \
    X(cuEventRecord, cuEventRecord)                                     \
    X(cuEventSynchronize, cuEventSynchronize)                           \
    X(cuEventElapsedTime, cuEventElapsedTime_v2)                        \
    X(cuEventDestroy, cuEventDestroy_v2)                                \
    X(cuStreamCreate, cuStreamCreate)                                   \
    X(cuStreamGetId, cuStreamGetId)                                     \
    X(cuStreamIsCapturing, cuStreamIsCapturing)                         \
    X(cuThreadExchangeStreamCaptureMode, cuThreadExchangeStreamCaptureMode) \
    X(cuStreamDestroy, cuStreamDestroy_v2)

struct Driver {
#define AOTGEMM_MEMBER(name, symbol) decltype(&::symbol) name;
    AOTGEMM_DRIVER_FUNCTIONS(AOTGEMM_MEMBER)
#undef AOTGEMM_MEMBER
};

// The driver, initialised. Fails with AOTGEMM_ERROR_DEVICE where there is none.
const Driver& driver();

// "" if the driver is there and has a device, else why not. Never throws.
const std::string& driver_unavailable_reason();

// Throws AOTGEMM_ERROR_CUDA naming the call, the driver's code and what it was for.
void check_cuda(CUresult result, const char* call, const std::string& purpose = {});

}  // namespace aotgemm
