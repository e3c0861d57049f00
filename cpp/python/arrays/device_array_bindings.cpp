#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/bindings.hpp"
#include "python/arrays/device_array.hpp"

namespace aotgemm::python {

namespace nb = nanobind;
using namespace nanobind::literals;

namespace {

nb::tuple to_tuple(const std::int64_t* values, int count) {
    return nb::tuple(nb::cast(std::vector<std::int64_t>(values, values + count)));
}

}  // namespace

void bind_device_array(nb::module_& module) {
    nb::class_<DeviceArray>(module, "DeviceArray",
                            "Device memory without a framework: a strided array that every operation accepts. Work on "
                            "it runs on the device's default stream.")
        .def_static("empty", &DeviceArray::empty, "shape"_a, "dtype"_a.none(), "device"_a = 0,
                    nb::sig("def empty(shape: collections.abc.Sequence[int], dtype: str, device: int = 0) -> DeviceArray"),
                    "A new contiguous array. dtype: float8_e4m3fn, bfloat16, float32, int32 or int8.")
        .def("as_strided", &DeviceArray::as_strided, "shape"_a, "stride"_a, "offset"_a = 0,
             nb::sig("def as_strided(self, shape: collections.abc.Sequence[int], stride: collections.abc.Sequence[int], "
                     "offset: int = 0) -> DeviceArray"),
             "A view of the same memory; stride and offset count elements.")
        .def("copy_from", &DeviceArray::copy_from, "buffer"_a, "Copies a contiguous buffer of the array's size here.")
        .def("copy_to", &DeviceArray::copy_to, "buffer"_a, "Copies the array into a writable buffer of its size.")
        .def("fill_bytes", &DeviceArray::fill_bytes, "byte"_a, "Sets every byte of a contiguous array.")
        .def_prop_ro("shape", [](const DeviceArray& self) { return to_tuple(self.view().shape, self.view().ndim); },
                     nb::sig("def shape(self) -> tuple[int, ...]"))
        .def_prop_ro("stride", [](const DeviceArray& self) { return to_tuple(self.view().stride, self.view().ndim); },
                     nb::sig("def stride(self) -> tuple[int, ...]"))
        .def_prop_ro("dtype", &DeviceArray::dtype)
        .def_prop_ro("device", [](const DeviceArray& self) { return self.view().device_id; })
        .def_prop_ro("nbytes", &DeviceArray::nbytes)
        .def_prop_ro("data_ptr",
                     [](const DeviceArray& self) { return reinterpret_cast<std::uintptr_t>(self.view().data); });

    nb::class_<CudaStream>(module, "Stream", "A CUDA stream beside the default one, which waits for nothing on that.")
        .def(nb::init<nb::handle>(), "device"_a = 0, nb::sig("def __init__(self, device: int = 0) -> None"))
        .def_prop_ro("handle", &CudaStream::handle, "The CUstream as an int.");

    nb::class_<Event>(module, "Event", "A CUDA event, for timing.")
        .def(nb::init<nb::handle>(), "device"_a = 0, nb::sig("def __init__(self, device: int = 0) -> None"))
        .def("record", &Event::record, "stream"_a = 0, "stream: a CUstream as an int; 0 is the default stream.")
        .def("elapsed_us", &Event::elapsed_us, "end"_a, "Waits for the device; microseconds from this event to `end`.");
}

}  // namespace aotgemm::python
