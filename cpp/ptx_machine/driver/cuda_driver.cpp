// A libcuda.so.1 whose devices are the PTX machine. It has the functions that aotgemm asks of a driver
// (cpp/dispatch/runtime/driver.hpp); launches are over when they return, so that every stream is in order.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "ptx_machine/async/tensor_map.hpp"
#include "ptx_machine/driver/device_memory.hpp"
#include "ptx_machine/driver/launcher.hpp"
#include "ptx_machine/driver/settings.hpp"

using namespace aotgemm::ptx_machine;

namespace {

// CUresult of cuda.h.
enum Result { kSuccess = 0, kInvalidValue = 1, kOutOfMemory = 2, kInvalidDevice = 101, kLaunchFailed = 719 };

struct Context {
    int device;
};
constexpr int kMostDevices = 64;
Context contexts[kMostDevices];
thread_local Context* current = nullptr;

std::mutex mutex;  // guards all that follows
DeviceMemory& memory() {
    static DeviceMemory memory;
    return memory;
}
std::map<std::string, int> dynamic_shared_limits;
constexpr int kSharedLimit = 48 * 1024;  // of a kernel for which none was set
constexpr int kMostShared = 227 * 1024;

// CUdevice_attribute numbers of cuda.h, and what an H100 SXM answers.
int attribute(int which) {
    switch (which) {
        case 13: return 1980000;  // clock rate, kHz
        case 16: return settings().multiprocessors;
        case 36: return 2619000;  // memory clock rate, kHz
        case 37: return 5120;     // memory bus width, bits
        case 75: return settings().major;
        case 76: return settings().minor;
        default: return 0;
    }
}

// CUlaunchConfig and CUlaunchAttribute of cuda.h.
struct LaunchAttribute {
    unsigned id;
    alignas(8) unsigned value[16];
};
struct LaunchConfig {
    unsigned grid[3], block[3], shared_bytes;
    void* stream;
    const LaunchAttribute* attributes;
    unsigned count;
};
constexpr unsigned kClusterDimension = 4, kProgrammaticSerialization = 6;

LaunchShape shape_of(const LaunchConfig& config) {
    LaunchShape shape;
    std::memcpy(shape.grid, config.grid, sizeof(shape.grid));
    std::memcpy(shape.block, config.block, sizeof(shape.block));
    shape.shared_bytes = config.shared_bytes;
    for (unsigned i = 0; i < config.count; ++i)
        switch (const LaunchAttribute& attribute = config.attributes[i]; attribute.id) {
            case kClusterDimension:
                // Dimensions that a caller leaves at zero are of one block.
                for (int d = 0; d < 3; ++d) shape.cluster[d] = std::max(attribute.value[d], 1u);
                break;
            case kProgrammaticSerialization: shape.is_programmatic = attribute.value[0] != 0; break;
            default: break;
        }
    return shape;
}

bool has_whole_clusters(const LaunchShape& shape) {
    for (int d = 0; d < 3; ++d)
        if (shape.grid[d] % shape.cluster[d] != 0) return false;
    return true;
}

bool is_launchable(const LaunchShape& shape, const std::string& kernel) {
    const unsigned threads = shape.block[0] * shape.block[1] * shape.block[2];
    const auto limit = dynamic_shared_limits.find(kernel);
    const int most = limit == dynamic_shared_limits.end() ? kSharedLimit : limit->second;
    return threads >= 1 && threads <= 1024 && shape.grid[0] >= 1 && shape.grid[1] >= 1 && shape.grid[2] >= 1 &&
           shape.grid[1] <= 65535 && shape.blocks_of_cluster() <= 8 && has_whole_clusters(shape) &&
           static_cast<int>(shape.shared_bytes) <= most;
}

}  // namespace

#define API extern "C" __attribute__((visibility("default"))) int

API cuInit(unsigned) { return kSuccess; }
API cuDriverGetVersion(int* version) {
    *version = 13000;
    return kSuccess;
}
API cuGetErrorName(int result, const char** name) {
    *name = result == kLaunchFailed  ? "CUDA_ERROR_LAUNCH_FAILED"
            : result == kOutOfMemory ? "CUDA_ERROR_OUT_OF_MEMORY"
                                     : "CUDA_ERROR_INVALID_VALUE";
    return kSuccess;
}
API cuGetErrorString(int result, const char** words) {
    *words = result == kLaunchFailed  ? "the PTX machine has findings about the kernel"
             : result == kOutOfMemory ? "out of memory"
                                      : "invalid argument";
    return kSuccess;
}
API cuDeviceGetCount(int* count) {
    *count = settings().devices;
    return kSuccess;
}
API cuDeviceGet(int* device, int ordinal) {
    *device = ordinal;
    return ordinal >= 0 && ordinal < settings().devices ? kSuccess : kInvalidDevice;
}
API cuDeviceGetName(char* name, int size, int) {
    std::snprintf(name, static_cast<std::size_t>(size), "PTX machine");
    return kSuccess;
}
API cuDeviceGetAttribute(int* value, int which, int) {
    *value = attribute(which);
    return kSuccess;
}
API cuDevicePrimaryCtxRetain(Context** context, int device) {
    contexts[device].device = device;
    *context = &contexts[device];
    return kSuccess;
}
API cuCtxGetCurrent(Context** context) {
    *context = current;
    return kSuccess;
}
API cuCtxGetDevice(int* device) {
    *device = current->device;
    return kSuccess;
}
API cuCtxPushCurrent_v2(Context* context) {
    current = context;
    return kSuccess;
}
API cuCtxPopCurrent_v2(Context** context) {
    *context = current;
    current = nullptr;
    return kSuccess;
}
API cuCtxSynchronize() {
    const std::lock_guard lock(mutex);
    memory().known().order().everything_is_over();
    return kSuccess;
}
API cuLibraryLoadData(const void** library, const void* code, void*, void**, unsigned, void*, void**, unsigned) {
    *library = code;
    return kSuccess;
}
API cuLibraryGetKernel(const char** kernel, const void*, const char* name) {
    *kernel = name;
    return kSuccess;
}  // a kernel's handle is its name
API cuKernelSetAttribute(int which, int value, const char* kernel, int) {
    constexpr int kMaxDynamicSharedBytes = 8;
    const std::lock_guard lock(mutex);
    if (which != kMaxDynamicSharedBytes || value > kMostShared) return kInvalidValue;
    dynamic_shared_limits[kernel] = value;
    return kSuccess;
}
API cuKernelGetFunction(const char** function, const char* kernel) {
    *function = kernel;
    return kSuccess;
}
API cuLaunchKernelEx(const LaunchConfig* config, const char* kernel, void** parameters, void**) {
    const std::lock_guard lock(mutex);
    const LaunchShape shape = shape_of(*config);
    if (!is_launchable(shape, kernel)) return kInvalidValue;
    return launch(kernel, shape, parameters[0], memory()) ? kSuccess : kLaunchFailed;
}
API cuTensorMapEncodeTiled(void* out, int type, unsigned rank, void* address, const std::uint64_t* sizes,
                           const std::uint64_t* strides, const std::uint32_t* box, const std::uint32_t* element_strides,
                           int interleave, int swizzle, int, int fill) {
    TensorMap map;
    if (rank < 1 || rank > 5) return kInvalidValue;
    map.base = reinterpret_cast<std::uint64_t>(address);
    map.rank = static_cast<std::uint8_t>(rank);
    map.type = static_cast<std::uint8_t>(type);
    map.element_bits = static_cast<std::uint8_t>(tensor_map_element_bits(type));
    map.swizzle = static_cast<std::uint8_t>(swizzle);
    map.interleave = static_cast<std::uint8_t>(interleave);
    map.fill = static_cast<std::uint8_t>(fill);
    for (unsigned i = 0; i < rank; ++i) {
        map.sizes[i] = static_cast<std::uint32_t>(sizes[i]);
        map.box[i] = static_cast<std::uint16_t>(std::min(box[i], 0xFFFFu));
        if (i > 0) map.strides[i - 1] = strides[i - 1];
    }
    const std::string problem = tensor_map_problem(map, sizes, element_strides);
    if (!problem.empty()) {
        std::fprintf(stderr, "cuTensorMapEncodeTiled: %s\n", problem.c_str());
        return kInvalidValue;
    }
    std::memset(out, 0, 128);
    std::memcpy(out, &map, sizeof(map));
    return kSuccess;
}
API cuMemAlloc_v2(std::uintptr_t* pointer, std::size_t bytes) {
    const std::lock_guard lock(mutex);
    if (bytes == 0) return kInvalidValue;
    *pointer = memory().allocate(bytes);
    return *pointer != 0 ? kSuccess : kOutOfMemory;
}
API cuMemFree_v2(std::uintptr_t pointer) {
    const std::lock_guard lock(mutex);
    return memory().free(pointer) ? kSuccess : kInvalidValue;
}
API cuMemcpy(std::uintptr_t to, std::uintptr_t from, std::size_t bytes) {
    const std::lock_guard lock(mutex);
    std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes);
    memory().known().define(to, bytes);
    memory().known().order().everything_is_over();
    return kSuccess;
}
API cuMemsetD8_v2(std::uintptr_t to, unsigned char value, std::size_t bytes) {
    const std::lock_guard lock(mutex);
    std::memset(reinterpret_cast<void*>(to), value, bytes);
    memory().known().define(to, bytes);
    memory().known().order().everything_is_over();
    return kSuccess;
}
API cuMemsetD2D8Async(std::uintptr_t to, std::size_t pitch, unsigned char value, std::size_t width, std::size_t height,
                      void*) {
    const std::lock_guard lock(mutex);
    for (std::size_t row = 0; row < height; ++row) {
        std::memset(reinterpret_cast<void*>(to + row * pitch), value, width);
        memory().known().define(to + row * pitch, width);
    }
    memory().known().order().everything_is_over();  // only a kernel's launch may overtake the end of the kernel before
    return kSuccess;
}
API cuEventCreate(void** event, unsigned) {
    static char only;  // no event holds anything
    *event = &only;
    return kSuccess;
}
API cuEventRecord(void*, void*) { return kSuccess; }
API cuEventSynchronize(void*) { return cuCtxSynchronize(); }
API cuEventElapsedTime_v2(float* milliseconds, void*, void*) {
    *milliseconds = 1.0f / 64;
    return kSuccess;
}  // of no meaning
API cuEventDestroy_v2(void*) { return kSuccess; }
API cuStreamCreate(void** stream, unsigned) {
    static char streams[1024];
    static std::size_t count = 0;
    const std::lock_guard lock(mutex);
    *stream = &streams[count++ % sizeof(streams)];
    return kSuccess;
}
API cuStreamDestroy_v2(void*) { return kSuccess; }
API cuStreamGetId(void* stream, unsigned long long* number) {
    *number = reinterpret_cast<std::uintptr_t>(stream);
    return kSuccess;
}
API cuStreamIsCapturing(void*, int* status) {
    *status = 0;  // none is
    return kSuccess;
}
API cuThreadExchangeStreamCaptureMode(int*) { return kSuccess; }
