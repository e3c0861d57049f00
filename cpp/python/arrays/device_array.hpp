// Device memory and events without a framework, for self-tests, timing and servers that have none.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <vector>

#include "aotgemm/aotgemm.h"
#include "python/errors.hpp"
#include "python/integers.hpp"

namespace aotgemm::python {

// A strided view of memory that all views of it own together.
class DeviceArray {
public:
    static DeviceArray empty(nanobind::handle shape, nanobind::handle dtype, nanobind::handle device);

    // A view of the same memory. offset and strides count elements of this array's dtype from its first element.
    DeviceArray as_strided(nanobind::handle shape, nanobind::handle stride, nanobind::handle offset) const;

    // The array's bytes in row-major order; only whole contiguous arrays can be copied. Both are synchronous.
    void copy_from(nanobind::handle buffer) const;
    void copy_to(nanobind::handle buffer) const;
    void fill_bytes(int byte) const;

    const aotgemm_tensor& view() const { return view_; }
    std::int64_t nbytes() const;
    const char* dtype() const;

private:
    std::int64_t contiguous_bytes() const;
    std::int64_t offset_bytes() const;  // from the memory to the first element

    std::shared_ptr<void> memory_;
    std::int64_t memory_bytes_ = 0;
    aotgemm_tensor view_{};
};

class CudaStream {
public:
    explicit CudaStream(nanobind::handle device) : device_(read_ordinal(device)) { check(aotgemm_cuda_stream_create(device_, &stream_)); }
    ~CudaStream() { aotgemm_cuda_stream_destroy(device_, stream_); }
    CudaStream(const CudaStream&) = delete;
    CudaStream& operator=(const CudaStream&) = delete;

    std::uintptr_t handle() const { return reinterpret_cast<std::uintptr_t>(stream_); }

private:
    int device_;
    void* stream_ = nullptr;
};

class Event {
public:
    explicit Event(nanobind::handle device);
    ~Event();
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    void record(std::uintptr_t stream);
    // Waits for the device, then gives the microseconds from this event to the other.
    double elapsed_us(const Event& end) const;

private:
    int device_;
    void* event_ = nullptr;
};

}  // namespace aotgemm::python
