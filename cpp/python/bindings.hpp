// The parts of the _core module; each adds its functions and classes.
#pragma once

#include <nanobind/nanobind.h>

namespace aotgemm::python {

void bind_calls(nanobind::module_& module);
void bind_bf16_calls(nanobind::module_& module);
void bind_grouped_calls(nanobind::module_& module);
void bind_wgrad_calls(nanobind::module_& module);
void bind_queries(nanobind::module_& module);
void bind_plan(nanobind::module_& module);
void bind_device_array(nanobind::module_& module);

}  // namespace aotgemm::python
