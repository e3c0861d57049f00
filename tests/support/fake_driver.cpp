// A libcuda that computes nothing: device memory is host memory, kernels are not run, events are 1/64 ms apart. It
// shows what the library asks of the driver where there is no GPU. tests/support/fake_driver.py adds the functions that need
// no body.
#include <sys/mman.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#define FAKE(name) \
    int calls_##name = 0; \
    int name
#define COUNT(name) __atomic_fetch_add(&calls_##name, 1, __ATOMIC_RELAXED)

namespace {
thread_local void* current = nullptr;
int primary = 0;
constexpr std::size_t kPage = 1 << 16;
std::map<std::uintptr_t, std::size_t> sizes;  // of what is allocated

// CUdevice_attribute numbers of cuda.h, and what an H100 SXM answers. FAKE_CAPABILITY is another compute capability's major.
int attribute(int which) {
    const char* capability = std::getenv("FAKE_CAPABILITY");
    switch (which) {
        case 13: return 1980000;  // clock rate, kHz
        case 16: return 132;      // multiprocessors
        case 36: return 2619000;  // memory clock rate, kHz
        case 37: return 5120;     // memory bus width, bits
        case 75: return capability != nullptr ? std::atoi(capability) : 9;
        default: return 0;
    }
}
}  // namespace

extern "C" {
FAKE(cuDriverGetVersion)(int* version) { COUNT(cuDriverGetVersion); *version = 13000; return 0; }
FAKE(cuDeviceGetCount)(int* count) { COUNT(cuDeviceGetCount); *count = 1; return 0; }
FAKE(cuDeviceGet)(int* device, int ordinal) { COUNT(cuDeviceGet); *device = ordinal; return 0; }
FAKE(cuDeviceGetName)(char* name, int size, int) {
    COUNT(cuDeviceGetName);
    std::strncpy(name, "Fake H100", size);
    return 0;
}
FAKE(cuDeviceGetAttribute)(int* value, int which, int) {
    COUNT(cuDeviceGetAttribute);
    *value = attribute(which);
    return 0;
}
FAKE(cuDevicePrimaryCtxRetain)(void** context, int) { COUNT(cuDevicePrimaryCtxRetain); *context = &primary; return 0; }
FAKE(cuCtxGetCurrent)(void** context) { COUNT(cuCtxGetCurrent); *context = current; return 0; }
FAKE(cuCtxGetDevice)(int* device) { COUNT(cuCtxGetDevice); *device = 0; return 0; }
FAKE(cuCtxPushCurrent_v2)(void* context) { COUNT(cuCtxPushCurrent_v2); current = context; return 0; }
FAKE(cuCtxPopCurrent_v2)(void** context) { COUNT(cuCtxPopCurrent_v2); *context = current; current = nullptr; return 0; }
int copies_take_long = 0;
int capturing = 0;  // CUstreamCaptureStatus of every stream but the default one, which cannot be captured
FAKE(cuStreamIsCapturing)(void* stream, int* status) {
    COUNT(cuStreamIsCapturing);
    *status = stream != nullptr ? capturing : 0;
    return 0;
}
// A stream's number is its handle.
FAKE(cuStreamGetId)(void* stream, unsigned long long* number) {
    COUNT(cuStreamGetId);
    *number = reinterpret_cast<std::uintptr_t>(stream);
    return 0;
}
// A kernel's handle is its name.
FAKE(cuLibraryGetKernel)(const char** kernel, void*, const char* name) {
    COUNT(cuLibraryGetKernel);
    *kernel = name;
    return 0;
}
// Launches by one thread between another's copy of scales and its next launch. A copy takes long enough to be met.
int mixed_copies = 0;
void note_thread(const char* kernel) {
    static std::mutex mutex;
    static std::thread::id copier;
    const bool is_copy = std::strstr(kernel, "_transpose_sf_") != nullptr;
    {
        const std::lock_guard lock(mutex);
        mixed_copies += copier != std::thread::id() && copier != std::this_thread::get_id();
        copier = is_copy ? std::this_thread::get_id() : std::thread::id();
    }
    if (is_copy && copies_take_long) std::this_thread::sleep_for(std::chrono::microseconds(50));
}
const char* last_kernel = "";
unsigned last_grid = 0;
int early_launches = 0;  // that may begin before the kernel ahead of them in the stream is over
// CUlaunchConfig and CUlaunchAttribute of cuda.h.
struct LaunchAttribute {
    unsigned id;
    alignas(8) int value[16];
};
struct LaunchConfig {
    unsigned grid[3], block[3], shared_bytes;
    void* stream;
    const LaunchAttribute* attributes;
    unsigned count;
};
void note_fp8_1d2d(const void* parameters);  // fake_driver_fp8.cpp
FAKE(cuLaunchKernelEx)(const LaunchConfig* config, const char* kernel, void** parameters, void**) {
    COUNT(cuLaunchKernelEx);
    note_thread(kernel);
    last_kernel = kernel;
    if (std::strncmp(kernel, "sm90_fp8_gemm_1d2d_", 19) == 0) note_fp8_1d2d(parameters[0]);
    last_grid = config->grid[0];
    for (unsigned i = 0; i < config->count; ++i) {
        constexpr unsigned kClusterDimension = 4, kProgrammaticStreamSerialization = 6, kInvalidClusterSize = 912;
        const LaunchAttribute& attribute = config->attributes[i];
        if (attribute.id == kClusterDimension && config->grid[0] % attribute.value[0] != 0) return kInvalidClusterSize;
        early_launches += attribute.id == kProgrammaticStreamSerialization && attribute.value[0] != 0;
    }
    return 0;
}
// The driver's rules of a tiled map (CUDA driver API, cuTensorMapEncodeTiled), with the numbers of cuda.h. Strides are of all
// dimensions but the first.
struct TiledMap {
    unsigned type, dimensions;
    std::uintptr_t address;
    const std::uint64_t *sizes, *strides;
    const unsigned *box, *steps;
    int interleave, swizzle;

    // 4-bit elements: type 13, and 14 with gaps of 8 bytes in shared memory after each 8 bytes of 16 elements.
    bool has_gaps() const { return type == 14; }
    // Bits that an element takes in shared memory; 0: a type that the library does not use.
    std::uint64_t element_bits() const {
        constexpr std::uint64_t kBits[] = {8, 16, 32, 32, 64, 64, 16, 32, 64, 16, 32, 32, 32, 4, 8};
        return type < sizeof(kBits) / sizeof(*kBits) ? kBits[type] : 0;
    }
    std::uint64_t alignment() const { return has_gaps() ? 32 : 16; }
    bool is_packed_legally() const {
        if (type == 13) return sizes[0] % 2 == 0;
        return !has_gaps() || (sizes[0] % 128 == 0 && box[0] == 128 && (swizzle == 0 || swizzle == 3 || swizzle == 4));
    }
    std::uint64_t swizzled_bytes() const {
        constexpr std::uint64_t kBytes[] = {std::uint64_t{1} << 32, 32, 64, 128, 128, 128, 128};
        return swizzle >= 0 && swizzle < 7 ? kBytes[swizzle] : 0;
    }
    bool is_legal() const {
        const std::uint64_t inner = box[0] * element_bits() / 8;
        if (dimensions < 1 || dimensions > 5 || address == 0 || address % alignment() != 0) return false;
        if (interleave != 0 || inner == 0 || inner % 16 != 0 || inner > swizzled_bytes()) return false;
        if (!is_packed_legally()) return false;
        for (unsigned i = 0; i < dimensions; ++i) {
            if (sizes[i] == 0 || sizes[i] > std::uint64_t{1} << 32) return false;
            if (box[i] == 0 || box[i] > 256 || steps[i] == 0 || steps[i] > 8) return false;
            if (i > 0 && (strides[i - 1] % alignment() != 0 || strides[i - 1] >= std::uint64_t{1} << 40)) return false;
        }
        return true;
    }
};
FAKE(cuTensorMapEncodeTiled)(void* map, unsigned type, unsigned dimensions, void* address, const std::uint64_t* sizes,
                             const std::uint64_t* strides, const unsigned* box, const unsigned* steps, int interleave,
                             int swizzle, int, int) {
    COUNT(cuTensorMapEncodeTiled);
    const TiledMap given{type, dimensions, reinterpret_cast<std::uintptr_t>(address), sizes, strides, box, steps, interleave,
                         swizzle};
    return reinterpret_cast<std::uintptr_t>(map) % 64 == 0 && given.is_legal() ? 0 : 1;
}
// At the same addresses in every run: the library's cache of tensor maps goes by address, and what it may evict with it.
FAKE(cuMemAlloc_v2)(std::uintptr_t* pointer, std::size_t bytes) {
    COUNT(cuMemAlloc_v2);
    static std::uintptr_t next = std::uintptr_t{1} << 44;
    const std::size_t size = (bytes + kPage) / kPage * kPage;
    void* wanted = reinterpret_cast<void*>(next);
    void* memory = mmap(wanted, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory != wanted) return 2;
    sizes[next] = size;
    *pointer = next;
    next += size;
    return 0;
}
FAKE(cuMemFree_v2)(void* pointer) {
    COUNT(cuMemFree_v2);
    const auto found = sizes.find(reinterpret_cast<std::uintptr_t>(pointer));
    if (found == sizes.end()) return 1;
    munmap(pointer, found->second);
    sizes.erase(found);
    return 0;
}
FAKE(cuMemcpy)(void* to, const void* from, std::size_t bytes) {
    COUNT(cuMemcpy);
    std::memcpy(to, from, bytes);
    return 0;
}
FAKE(cuEventCreate)(void** event, unsigned) { COUNT(cuEventCreate); *event = &primary; return 0; }
FAKE(cuEventElapsedTime_v2)(float* ms, void*, void*) { COUNT(cuEventElapsedTime_v2); *ms = 1.0f / 64; return 0; }
}
