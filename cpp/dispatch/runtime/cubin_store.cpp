#include "dispatch/runtime/cubin_store.hpp"

#include <cstring>
#include <memory>
#include <mutex>

#include "dispatch/observe/counters.hpp"
#include "dispatch/runtime/inventory.hpp"

namespace aotgemm {
namespace {

struct Loaded {
    std::mutex mutex;
    std::atomic<CUkernel> kernel{nullptr};
    std::atomic<uint64_t> prepared_devices{0};  // bit i: the shared memory limit is raised on device i
};

Loaded& slot(int cubin) {
    static const std::unique_ptr<Loaded[]> slots(new Loaded[kCubinCount]);
    return slots[cubin];
}

CUkernel load(int cubin) {
    const aotgemm_cubin& source = kCubins[cubin];
    CUlibrary library = nullptr;
    // The bytes are part of this library and outlive every use, so the driver need not keep a copy.
    CUlibraryOption options[] = {CU_LIBRARY_BINARY_IS_PRESERVED};
    void* values[] = {nullptr};
    check_cuda(driver().cuLibraryLoadData(&library, source.data, nullptr, nullptr, 0, options, values, 1),
               "cuLibraryLoadData", text("for kernel ", source.name));
    CUkernel kernel = nullptr;
    check_cuda(driver().cuLibraryGetKernel(&kernel, library, source.name), "cuLibraryGetKernel",
               text("for kernel ", source.name));
    add_one(counters().loads);
    return kernel;
}

}  // namespace

int find_cubin(const char* name, const char* arch) {
    for (int i = 0; i < kCubinCount; ++i) {
        if (std::strcmp(kCubins[i].name, name) == 0 && std::strcmp(kCubins[i].arch, arch) == 0) return i;
    }
    return -1;
}

int Conversion::cubin_for(const CudaDevice& of) {
    std::atomic<int>& found = found_[of.handle];
    if (const int known = found.load(std::memory_order_relaxed); known > 0) return known - 1;
    const aotgemm_device& device = of.description;
    const std::string name = text("sm", device.cc_major, device.cc_minor, "_", suffix_);
    const int cubin = find_cubin(name.c_str(), arch_of(device));
    if (cubin < 0) {
        fail(AOTGEMM_ERROR_DEVICE, "no ", suffix_, " kernel for compute capability ", device.cc_major, ".", device.cc_minor,
             " (", device.name, ") is compiled into this library, which holds kernels for 9.0 and 10.0");
    }
    found.store(cubin + 1, std::memory_order_relaxed);
    return cubin;
}

CUkernel load_kernel(int cubin, const CudaDevice& device, int32_t shared_bytes) {
    Loaded& loaded = slot(cubin);
    const uint64_t bit = uint64_t{1} << device.handle;
    if ((loaded.prepared_devices.load(std::memory_order_acquire) & bit) != 0) return loaded.kernel.load();
    const std::lock_guard lock(loaded.mutex);
    if (loaded.kernel.load() == nullptr) loaded.kernel = load(cubin);
    if (shared_bytes > 0) {
        check_cuda(driver().cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, shared_bytes,
                                                 loaded.kernel, device.handle),
                   "cuKernelSetAttribute", text("for kernel ", kCubins[cubin].name));
    }
    if (shared_bytes != kUnknownShared) loaded.prepared_devices.fetch_or(bit, std::memory_order_release);
    return loaded.kernel.load();
}

int32_t preload(const CudaDevice& device) {
    const ContextScope scope(device);
    const char* arch = arch_of(device.description);
    int32_t count = 0;
    for (int i = 0; i < kCubinCount; ++i) {
        if (std::strcmp(kCubins[i].arch, arch) != 0) continue;
        int32_t shared_bytes = kUnknownShared;
        for (int spec = 0; spec < kSpecCount; ++spec) {
            if (std::strcmp(kSpecs[spec].name, kCubins[i].name) == 0) shared_bytes = kSpecs[spec].shared_bytes;
        }
        const CUkernel kernel = load_kernel(i, device, shared_bytes);
        CUfunction function = nullptr;  // asking for it brings the code onto the device
        check_cuda(driver().cuKernelGetFunction(&function, kernel), "cuKernelGetFunction",
                   text("for kernel ", kCubins[i].name));
        ++count;
    }
    return count;
}

}  // namespace aotgemm
