// Device memory that a stream keeps, for what a call's own kernels hand on to one another.
#pragma once

#include <initializer_list>
#include <mutex>

#include "dispatch/runtime/device.hpp"

namespace aotgemm {

// A framework's allocator takes longer than a launch; here is memory that is there already. The kernels of one call on
// a stream are over before those of the next one there begin, so that calls on one stream may use the same memory; two
// threads must not mix theirs, so that a workspace is locked while its call enqueues.
class StreamWorkspace {
   public:
    static constexpr int64_t kBytes = 1 << 20;  // A's scales of 4,681 rows where K is 7,168
    static constexpr int kStreams = 32;         // of a device, for the life of the process; later ones have none
    static constexpr int64_t kAlignment = 128;

    StreamWorkspace() = default;

    // Of a stream of the current context, for parts of these sizes. Without memory for a stream that is captured, whose
    // graph may run beside any later call; where there is no room for all parts; for a stream too many; where the device
    // has none left.
    StreamWorkspace(const CudaDevice& device, void* stream, std::initializer_list<int64_t> parts);

    // One of the parts, so many bytes from a multiple of kAlignment on; null if the workspace has no memory.
    void* take(int64_t bytes);

   private:
    std::unique_lock<std::mutex> lock_;
    CUdeviceptr next_ = 0;
};

}  // namespace aotgemm
