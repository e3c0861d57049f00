#include "python/arrays/new_tensor.hpp"

#include <nanobind/stl/vector.h>

#include <string_view>
#include <unordered_map>
#include <vector>

#include "dispatch/base/checked.hpp"
#include "python/errors.hpp"

namespace aotgemm::python {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

// PyTorch's, looked up once and kept for good: it is never unloaded.
struct Torch {
    nb::object tensor, empty_strided;
    std::unordered_map<std::string_view, nb::object> dtypes;

    explicit Torch(nb::handle module) : tensor(module.attr("Tensor")), empty_strided(module.attr("empty_strided")) {
        for (const char* name : {"float8_e4m3fn", "bfloat16", "float32", "int32", "int8"}) dtypes.emplace(name, module.attr(name));
    }
};

// Null unless `like` is a tensor of PyTorch.
const Torch* torch_of(nb::handle like) {
    static const Torch* torch = nullptr;
    if (torch == nullptr) {
        const nb::object module = nb::module_::import_("sys").attr("modules").attr("get")("torch");
        if (module.is_none()) return nullptr;
        torch = new Torch(module);
    }
    return PyObject_TypeCheck(like.ptr(), reinterpret_cast<PyTypeObject*>(torch->tensor.ptr())) ? torch : nullptr;
}

nb::object tuple_of(std::span<const std::int64_t> values) {
    nb::object tuple = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(values.size())));
    for (std::size_t i = 0; i < values.size(); ++i) {
        PyTuple_SetItem(tuple.ptr(), static_cast<Py_ssize_t>(i), PyLong_FromLongLong(values[i]));
    }
    return tuple;
}

}  // namespace

nb::object new_tensor(const char* name, nb::handle like, std::span<const std::int64_t> shape,
                      std::span<const std::int64_t> stride, const char* dtype) {
    for (const std::int64_t size : shape) {
        if (size > kMostExtent) {
            raise("ShapeError", std::string(name) + ": asks for an output with a size of " + std::to_string(size) +
                                    ", allowed is at most " + std::to_string(kMostExtent));
        }
    }
    if (const Torch* torch = torch_of(like)) {
        return torch->empty_strided(tuple_of(shape), tuple_of(stride), "dtype"_a = torch->dtypes.at(dtype),
                                    "device"_a = like.attr("device"));
    }
    const nb::object empty = nb::module_::import_("aotgemm.arrays.frameworks").attr("empty_strided");
    return empty(name, like, tuple_of(shape), tuple_of(stride), dtype);
}

}  // namespace aotgemm::python
