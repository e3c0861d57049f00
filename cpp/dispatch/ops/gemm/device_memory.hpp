// Device memory that a call needs for itself, from the caller's allocator.
#pragma once

#include "aotgemm/aotgemm.h"
#include "dispatch/base/failure.hpp"

namespace aotgemm {

// Memory for the kernels of one call. It goes back when they are enqueued: what the allocator hands out next is written
// behind them in the stream.
class DeviceMemory {
   public:
    DeviceMemory() = default;
    ~DeviceMemory() {
        if (memory_ != nullptr) allocator_->release(allocator_->context, memory_);
    }
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;

    // Once. Fails with AOTGEMM_ERROR_INTERNAL if the allocator has none.
    void* allocate(const aotgemm_allocator& allocator, int32_t device, int64_t bytes) {
        allocator_ = &allocator;
        memory_ = allocator.allocate(allocator.context, device, static_cast<size_t>(bytes));
        if (memory_ == nullptr) {
            fail(AOTGEMM_ERROR_INTERNAL, "allocator: gave no memory on CUDA device ", device, " for ", bytes, " bytes");
        }
        return memory_;
    }

   private:
    const aotgemm_allocator* allocator_ = nullptr;
    void* memory_ = nullptr;
};

}  // namespace aotgemm
