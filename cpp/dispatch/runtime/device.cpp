#include "dispatch/runtime/device.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "dispatch/base/settings.hpp"

namespace aotgemm {
namespace {

int attribute(CUdevice device, CUdevice_attribute which) {
    int value = 0;
    check_cuda(driver().cuDeviceGetAttribute(&value, which, device), "cuDeviceGetAttribute");
    return value;
}

CudaDevice describe(int32_t ordinal) {
    CudaDevice device{};
    check_cuda(driver().cuDeviceGet(&device.handle, ordinal), "cuDeviceGet", text("for device ", ordinal));
    aotgemm_device& out = device.description;
    check_cuda(driver().cuDeviceGetName(out.name, sizeof out.name, device.handle), "cuDeviceGetName");
    out.cc_major = attribute(device.handle, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    out.cc_minor = attribute(device.handle, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    out.num_sms = attribute(device.handle, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    out.clock_mhz = attribute(device.handle, CU_DEVICE_ATTRIBUTE_CLOCK_RATE) / 1000;
    // Two transfers a clock (double data rate) on every bit of the bus; kHz * bits / 8 * 2 / 1e6 is GB/s.
    const double kilohertz = attribute(device.handle, CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE);
    const double bits = attribute(device.handle, CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH);
    out.memory_gbps = static_cast<int32_t>(kilohertz * bits / 4e6);
    return device;
}

// Of this process, once and for all: the driver fixes it when it starts.
int device_count() {
    int count = 0;
    check_cuda(driver().cuDeviceGetCount(&count), "cuDeviceGetCount");
    return count;
}

CUcontext primary_context(const CudaDevice& device) {
    static std::mutex mutex;
    static std::array<CUcontext, kMaxDevices> contexts{};
    const std::lock_guard lock(mutex);
    CUcontext& context = contexts[device.handle];
    if (context == nullptr) {
        check_cuda(driver().cuDevicePrimaryCtxRetain(&context, device.handle), "cuDevicePrimaryCtxRetain");
    }
    return context;
}

}  // namespace

const CudaDevice& cuda_device(int32_t ordinal) {
    static std::array<std::once_flag, kMaxDevices> once;
    static std::array<CudaDevice, kMaxDevices> devices;
    static const int count = device_count();
    if (ordinal < 0 || ordinal >= count || ordinal >= kMaxDevices) {
        fail(AOTGEMM_ERROR_DEVICE, "CUDA device ", ordinal, " was asked for; this process sees devices 0 to ", count - 1);
    }
    std::call_once(once[ordinal], [&] { devices[ordinal] = describe(ordinal); });
    return devices[ordinal];
}

const char* arch_of(const aotgemm_device& device) {
    if (device.cc_major == 9 && device.cc_minor == 0) return "sm_90a";
    if (device.cc_major == 10 && device.cc_minor == 0) return "sm_100a";
    return "";
}

const char* arch_of(const aotgemm_tensor& tensor) {
    if (tensor.device_type == AOTGEMM_CPU) return settings().cpu_arch;
    return arch_of(cuda_device(tensor.device_id).description);
}

ContextScope::ContextScope(const CudaDevice& device) {
    CUcontext current = nullptr;
    check_cuda(driver().cuCtxGetCurrent(&current), "cuCtxGetCurrent");
    CUdevice owner = -1;
    if (current != nullptr) check_cuda(driver().cuCtxGetDevice(&owner), "cuCtxGetDevice");
    if (owner == device.handle) return;
    check_cuda(driver().cuCtxPushCurrent(primary_context(device)), "cuCtxPushCurrent");
    pushed_ = true;
}

ContextScope::~ContextScope() {
    CUcontext popped = nullptr;
    if (pushed_) driver().cuCtxPopCurrent(&popped);
}

}  // namespace aotgemm
