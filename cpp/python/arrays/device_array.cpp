#include "python/arrays/device_array.hpp"

#include <algorithm>
#include <optional>

#include "dispatch/base/checked.hpp"
#include "python/errors.hpp"
#include "python/integers.hpp"
#include "python/arrays/readers.hpp"

namespace aotgemm::python {

namespace {

struct DtypeInfo {
    const char* name;
    std::int64_t bytes;
};

DtypeInfo info_of(std::int32_t dtype) {
    switch (dtype) {
        case AOTGEMM_FP8_E4M3: return {"float8_e4m3fn", 1};
        case AOTGEMM_BF16: return {"bfloat16", 2};
        case AOTGEMM_FP32: return {"float32", 4};
        case AOTGEMM_INT8: return {"int8", 1};
        default: return {"int32", 4};
    }
}

// Bytes from the first element to behind the last; 0 for an empty view, nothing if there cannot be so many.
std::optional<std::int64_t> span_bytes(const aotgemm_tensor& view) {
    std::optional<std::int64_t> count = 1;
    for (int i = 0; i < view.ndim && count; ++i) {
        if (view.shape[i] == 0) return 0;
        const std::optional<std::int64_t> step = checked_product({view.shape[i] - 1, view.stride[i]});
        count = step ? checked_sum(*count, *step) : std::nullopt;
    }
    return count ? checked_product({*count, info_of(view.dtype).bytes}) : std::nullopt;
}

// Of all elements; nothing if there cannot be so many.
std::optional<std::int64_t> total_bytes(const aotgemm_tensor& view) {
    if (std::count(view.shape, view.shape + view.ndim, 0) > 0) return 0;
    std::optional<std::int64_t> bytes = info_of(view.dtype).bytes;
    for (int i = 0; i < view.ndim && bytes; ++i) bytes = checked_product({*bytes, view.shape[i]});
    return bytes;
}

void set_shape(aotgemm_tensor& view, const std::vector<std::int64_t>& shape) {
    if (shape.size() > 4) {
        raise("ShapeError", "shape: has " + std::to_string(shape.size()) + " dimensions, allowed is at most 4");
    }
    view.ndim = static_cast<std::int32_t>(shape.size());
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const std::int64_t size = shape[i];
        if (size < 0) raise("ShapeError", "shape: a size is " + std::to_string(size) + ", allowed is 0 or more");
        view.shape[i] = size;
    }
}

void set_stride(aotgemm_tensor& view, const std::vector<std::int64_t>& stride) {
    if (stride.size() != static_cast<std::size_t>(view.ndim)) {
        raise("LayoutError", "stride: has " + std::to_string(stride.size()) + " numbers, must have one a dimension, " +
                                 std::to_string(view.ndim));
    }
    for (std::size_t i = 0; i < stride.size(); ++i) {
        if (stride[i] < 0) raise("LayoutError", "stride: is " + std::to_string(stride[i]) + ", allowed is 0 or more");
        view.stride[i] = stride[i];
    }
}

// By its name. Not every str is one of C.
aotgemm_dtype read_dtype(nb::handle given) {
    Py_ssize_t length = 0;
    const char* name = PyUnicode_Check(given.ptr()) ? PyUnicode_AsUTF8AndSize(given.ptr(), &length) : nullptr;
    if (name == nullptr) PyErr_Clear();
    const aotgemm_dtype dtype = dtype_by_name({name == nullptr ? "" : name, static_cast<std::size_t>(length)});
    if (dtype != AOTGEMM_DTYPE_OTHER) return dtype;
    const nb::object escaped = nb::steal(PyObject_ASCII(given.ptr()));
    if (!escaped.is_valid()) throw nb::python_error();
    std::string shown = nb::str(escaped).c_str();
    if (name != nullptr) shown = shown.substr(1, shown.size() - 2);  // without quotes
    raise("DtypeError", "dtype: is " + shown + ", allowed is float8_e4m3fn, bfloat16, float32, int32 or int8");
}

std::shared_ptr<void> allocate(int device, std::int64_t bytes) {
    void* pointer = nullptr;
    if (bytes > 0) check(aotgemm_cuda_malloc(device, static_cast<std::size_t>(bytes), &pointer));
    return {pointer, [device](void* memory) { if (memory) aotgemm_cuda_free(device, memory); }};
}

// Waits for the device without the GIL.
aotgemm_status copy(int device, void* to, const void* from, std::int64_t bytes) {
    if (bytes == 0) return AOTGEMM_OK;
    nb::gil_scoped_release released;
    return aotgemm_cuda_memcpy(device, to, from, static_cast<std::size_t>(bytes));
}

// A Python buffer held for one copy.
class Buffer {
public:
    Buffer(nb::handle object, int flags, std::int64_t bytes) {
        if (PyObject_GetBuffer(object.ptr(), &buffer_, flags) != 0) {
            PyErr_Clear();
            raise("DtypeError", std::string("buffer: is a ") + nb::type_name(object.type()).c_str() + ", allowed is a contiguous" +
                                    (flags & PyBUF_WRITABLE ? ", writable" : "") + " buffer");
        }
        if (buffer_.len == bytes) return;
        const std::string given = std::to_string(buffer_.len);
        PyBuffer_Release(&buffer_);
        raise("ShapeError", "buffer: has " + given + " bytes, must have the array's " + std::to_string(bytes));
    }
    ~Buffer() { PyBuffer_Release(&buffer_); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    void* data() const { return buffer_.buf; }

private:
    Py_buffer buffer_;
};

}  // namespace

DeviceArray DeviceArray::empty(nb::handle shape, nb::handle dtype, nb::handle device) {
    DeviceArray array;
    aotgemm_tensor& view = array.view_;
    view.device_type = AOTGEMM_CUDA;
    view.device_id = read_ordinal(device);
    view.dtype = read_dtype(dtype);
    set_shape(view, read_integers("shape", shape));
    const std::optional<std::int64_t> bytes = total_bytes(view);
    if (!bytes) raise("ShapeError", "shape: is " + std::string(nb::str(shape).c_str()) + ", allowed are at most 2^63 - 1 bytes");
    array.memory_bytes_ = *bytes;
    std::int64_t stride = 1;
    for (int i = view.ndim - 1; i >= 0; --i) {
        view.stride[i] = stride;
        stride = checked_product({stride, view.shape[i]}).value_or(0);  // too much only where another size is 0
    }
    array.memory_ = allocate(view.device_id, array.memory_bytes_);
    view.data = array.memory_.get();
    return array;
}

DeviceArray DeviceArray::as_strided(nb::handle shape, nb::handle stride, nb::handle offset) const {
    DeviceArray array = *this;
    set_shape(array.view_, read_integers("shape", shape));
    set_stride(array.view_, read_integers("stride", stride));
    const std::int64_t elements = read_integer("offset", offset), before = offset_bytes();
    const std::optional<std::int64_t> moved = checked_product({elements, info_of(view_.dtype).bytes});
    const std::optional<std::int64_t> first = moved ? checked_sum(before, *moved) : std::nullopt;
    const std::optional<std::int64_t> span = span_bytes(array.view_);
    const std::optional<std::int64_t> end = first && span ? checked_sum(*first, *span) : std::nullopt;
    if (!end || *first < 0 || *end > memory_bytes_) {
        const std::string where = end ? "bytes " + std::to_string(*first) + " to " + std::to_string(*end) : "more than 2^63 bytes";
        raise("LayoutError", "offset, shape, stride: the view spans " + where + ", must lie within the " +
                                 std::to_string(memory_bytes_) + " bytes of the memory");
    }
    array.view_.data = static_cast<char*>(memory_.get()) + *first;
    return array;
}

// A view may repeat elements, of which each counts.
std::int64_t DeviceArray::nbytes() const {
    const std::optional<std::int64_t> bytes = total_bytes(view_);
    if (!bytes) raise("ShapeError", "array: its elements, repeated by strides of 0, have more than 2^63 bytes");
    return *bytes;
}

std::int64_t DeviceArray::offset_bytes() const {
    return static_cast<const char*>(view_.data) - static_cast<const char*>(memory_.get());
}

const char* DeviceArray::dtype() const { return info_of(view_.dtype).name; }

std::int64_t DeviceArray::contiguous_bytes() const {
    std::int64_t stride = 1;
    for (int i = view_.ndim - 1; i >= 0; --i) {
        if (view_.shape[i] > 1 && view_.stride[i] != stride) {
            raise("LayoutError", "array: stride of dimension " + std::to_string(i) + " is " +
                                     std::to_string(view_.stride[i]) + ", must be " + std::to_string(stride) +
                                     " (a contiguous array)");
        }
        stride = checked_product({stride, view_.shape[i]}).value_or(0);
    }
    return nbytes();
}

void DeviceArray::copy_from(nb::handle buffer) const {
    const Buffer host(buffer, PyBUF_C_CONTIGUOUS, contiguous_bytes());
    check(copy(view_.device_id, view_.data, host.data(), nbytes()));
}

void DeviceArray::copy_to(nb::handle buffer) const {
    const Buffer host(buffer, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE, contiguous_bytes());
    check(copy(view_.device_id, host.data(), view_.data, nbytes()));
}

void DeviceArray::fill_bytes(int byte) const {
    if (contiguous_bytes() > 0) check(aotgemm_cuda_memset(view_.device_id, view_.data, byte, nbytes()));
}

Event::Event(nb::handle device) : device_(read_ordinal(device)) { check(aotgemm_cuda_event_create(device_, &event_)); }

Event::~Event() { aotgemm_cuda_event_destroy(device_, event_); }

void Event::record(std::uintptr_t stream) {
    check(aotgemm_cuda_event_record(device_, event_, reinterpret_cast<void*>(stream)));
}

double Event::elapsed_us(const Event& end) const {
    double us = 0;
    check(aotgemm_cuda_event_elapsed_us(device_, event_, end.event_, &us));
    return us;
}

}  // namespace aotgemm::python
