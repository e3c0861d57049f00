// Embedded cubins as kernels of the driver: loaded at first use, for all devices at once.
#pragma once

#include "dispatch/runtime/device.hpp"

namespace aotgemm {

// The index in kCubins of a kernel, or -1.
int find_cubin(const char* name, const char* arch);

// The same for a layout or conversion kernel, whose name is its architecture's prefix and `suffix`. Fails with
// AOTGEMM_ERROR_DEVICE if the library holds none for the device.
int find_conversion(const aotgemm_device& device, const std::string& suffix);

// The kernel of that cubin, ready to be launched on the device with that much dynamic shared memory. Thread-safe, and
// allowed while a stream is being captured: nothing here allocates device memory or synchronises by itself.
CUkernel load_kernel(int cubin, const CudaDevice& device, int32_t shared_bytes);

// Loads every kernel of the device's architecture onto it; how many there were.
int32_t preload(const CudaDevice& device);

}  // namespace aotgemm
