// Device memory that a call needs for itself, from the framework of its operands.
#pragma once

#include <nanobind/nanobind.h>

#include <array>
#include <exception>

#include "aotgemm/aotgemm.h"

struct DLManagedTensorVersioned;

namespace aotgemm::python {

// The allocator of one call. A framework's caching allocator orders memory by its current stream, on which the call runs:
// what is given back with its kernels enqueued is handed out again behind them.
class CallMemory {
public:
    // like: an operand, whose framework allocates; name: what the call names it.
    CallMemory(const char* name, nanobind::handle like)
        : name_(name), like_(like), allocator_{.allocate = &allocate, .release = &release, .context = this} {}
    CallMemory(const CallMemory&) = delete;
    CallMemory& operator=(const CallMemory&) = delete;

    const aotgemm_allocator& allocator() const { return allocator_; }

    // Raises what an allocation raised; the C ABI, between it and the caller, knows no exceptions.
    void rethrow_failure() const {
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    // One of the two owns the memory.
    struct Block {
        void* data = nullptr;
        DLManagedTensorVersioned* managed = nullptr;
        nanobind::object owner;
    };

    static void* allocate(void* context, std::int32_t device, std::size_t bytes);
    static void release(void* context, void* memory);
    Block make_block(std::int32_t device, std::size_t bytes) const;

    static constexpr int kMaxBlocks = 2;  // copies of both scales
    const char* name_;
    nanobind::handle like_;
    aotgemm_allocator allocator_;
    std::array<Block, kMaxBlocks> blocks_;
    std::exception_ptr failure_;
};

}  // namespace aotgemm::python
