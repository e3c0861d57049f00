// Embedded cubins as kernels of the driver: loaded at first use, for all devices at once.
#pragma once

#include <array>
#include <atomic>

#include "dispatch/runtime/device.hpp"

namespace aotgemm {

// The index in kCubins of a kernel, or -1.
int find_cubin(const char* name, const char* arch);

// A layout or conversion kernel, whose name is its architecture's prefix and `suffix`.
class Conversion {
   public:
    explicit constexpr Conversion(const char* suffix) : suffix_(suffix) {}

    // Its index in kCubins, looked up once a device. Fails with AOTGEMM_ERROR_DEVICE if the library holds none for the
    // device.
    int cubin_for(const CudaDevice& device);

   private:
    const char* suffix_;
    std::array<std::atomic<int>, kMaxDevices> found_{};  // by the device's handle; the index + 1, or 0
};

// The kernel of that cubin, ready to be launched on the device with that much dynamic shared memory. Thread-safe, and
// allowed while a stream is being captured: nothing here allocates device memory or synchronises by itself.
// kUnknownShared: loaded alone, and to be asked for again before a launch.
inline constexpr int32_t kUnknownShared = -1;
CUkernel load_kernel(int cubin, const CudaDevice& device, int32_t shared_bytes);

// Loads every kernel of the device's architecture onto it; how many there were.
int32_t preload(const CudaDevice& device);

}  // namespace aotgemm
