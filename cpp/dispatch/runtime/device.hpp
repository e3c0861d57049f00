// CUDA devices as the library sees them: their description (what the selection may know) and their context.
#pragma once

#include "aotgemm/aotgemm.h"
#include "dispatch/runtime/driver.hpp"

namespace aotgemm {

inline constexpr int kMaxDevices = 64;

struct CudaDevice {
    CUdevice handle;
    aotgemm_device description;
};

// Looked up once per process and ordinal. Fails with AOTGEMM_ERROR_DEVICE for an ordinal that is not there.
const CudaDevice& cuda_device(int32_t ordinal);

// "sm_90a" for a Hopper GPU, "sm_100a" for a Blackwell one, "" for what the library holds nothing for.
const char* arch_of(const aotgemm_device& device);

// That of the tensor's GPU, or the one that the CPU speaks for.
const char* arch_of(const aotgemm_tensor& tensor);

// Makes the device's context current for a scope: the caller's own if it belongs to the device, else the primary one.
class ContextScope {
   public:
    explicit ContextScope(const CudaDevice& device);
    ~ContextScope();
    ContextScope(const ContextScope&) = delete;
    ContextScope& operator=(const ContextScope&) = delete;

   private:
    bool pushed_ = false;
};

}  // namespace aotgemm
