// Python exceptions for what goes wrong on either side of the C ABI.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "aotgemm/aotgemm.h"

namespace aotgemm::python {

// Raises the class of that name in aotgemm.errors; inside a `catch`, chain it with the exception caught.
[[noreturn]] void raise(const char* type, const std::string& message);
[[noreturn]] void raise_from(nanobind::python_error& cause, const char* type, const std::string& message);

// The class in aotgemm.errors for a failed status.
const char* error_type(aotgemm_status status);

// Raises what the last call on this thread reported, unless it succeeded.
void check(aotgemm_status status);

}  // namespace aotgemm::python
