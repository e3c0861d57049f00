// Outputs that a call makes: tensors of the framework of one of its operands.
#pragma once

#include <nanobind/nanobind.h>

#include <span>

namespace aotgemm::python {

// An uninitialised tensor of the framework and on the device of `like`, whose argument is called `name`; strides count
// elements. dtype: as dtype_by_name reads it. PyTorch allocates its own, so that Tensor.record_stream works on them.
nanobind::object new_tensor(const char* name, nanobind::handle like, std::span<const std::int64_t> shape,
                            std::span<const std::int64_t> stride, const char* dtype);

}  // namespace aotgemm::python
