// The tensor arguments of one call: Python objects in, the C ABI's views and the stream out.
#pragma once

#include <nanobind/nanobind.h>

#include <array>
#include <string>
#include <utility>

#include "aotgemm/aotgemm.h"
#include "python/arrays/call_memory.hpp"
#include "python/plan/plan_hooks.hpp"

namespace aotgemm::python {

namespace nb = nanobind;

// One argument. The caller's reference keeps `object` alive until the call returns; `owner` is whatever had to be
// made to reach its memory (a capsule of DLPack or NumPy).
struct Operand {
    const char* name = "";
    nb::handle object;
    nb::object owner;
    aotgemm_tensor view{};
    bool read_only = false;
    bool is_bytes = false;  // of uint8, an element type that the C ABI has not
    bool is_copy = false;  // the producer made it for us, and would not see what is written
};

// The stream a call runs on: the one given, else the current stream of the framework of the first CUDA operand.
struct Stream {
    void* value = nullptr;
    bool known = false;
};

class Call {
public:
    Call() = default;
    // stream: None, or the CUstream as an integer.
    explicit Call(nb::handle stream);

    const aotgemm_tensor& input(const char* name, nb::handle object);
    // Elements of `dtype`, which have a byte each, or the same bytes as uint8. Raises DtypeError for any other.
    const aotgemm_tensor& input_or_bytes(const char* name, nb::handle object, aotgemm_dtype dtype);
    const aotgemm_tensor& output(const char* name, nb::handle object);
    // Null for None.
    const aotgemm_tensor* optional_input(const char* name, nb::handle object) {
        return object.is_none() ? nullptr : &input(name, object);
    }

    // Calls function(launch) and raises what it reports. CPU work runs without the GIL; memory for work on a GPU comes
    // from the framework of the first operand there.
    template <class Function>
    void run(Function&& function, int kernel = -1, int threads = 0) {
        apply_environment_once();
        aotgemm_launch launch{.stream = stream_.value, .kernel = kernel, .cpu_threads = threads, .allocator = nullptr};
        if (const Operand* on_cuda = first_on_cuda()) {
            CallMemory memory(on_cuda->name, on_cuda->object);
            if (can_allocate(*on_cuda)) launch.allocator = &memory.allocator();
            check(function(launch), &memory);
        } else {
            check(without_gil(function, launch), nullptr);
        }
        issue_plan_warning();
    }

private:
    template <class Function>
    static aotgemm_status without_gil(Function& function, const aotgemm_launch& launch) {
        nb::gil_scoped_release released;
        return function(launch);
    }

    Operand& add(const char* name, nb::handle object);
    const Operand* first_on_cuda() const;  // null if there is none
    bool can_allocate(const Operand& like) const;
    [[noreturn]] void raise_status(aotgemm_status status) const;

    void check(aotgemm_status status, const CallMemory* memory) const {
        if (status == AOTGEMM_OK) return;
        if (memory != nullptr) memory->rethrow_failure();
        raise_status(status);
    }

    static constexpr int kMaxOperands = 8;
    std::array<Operand, kMaxOperands> operands_;
    int count_ = 0;
    Stream stream_;
    bool is_stream_given_ = false;
};

// The view of a single tensor, where no stream is involved.
aotgemm_tensor read_tensor(const char* name, nb::handle object);

// What an element type is called, for a message.
std::string describe_dtype(nb::handle object);

}  // namespace aotgemm::python
