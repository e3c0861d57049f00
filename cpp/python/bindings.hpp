// The parts of the _core module; each adds its functions and classes.
#pragma once

#include <nanobind/nanobind.h>

namespace aotgemm::python {

void bind_gemm(nanobind::module_& module);
void bind_casts(nanobind::module_& module);
void bind_convert(nanobind::module_& module);
void bind_conversions(nanobind::module_& module);
void bind_hc_prenorm(nanobind::module_& module);
void bind_indexer(nanobind::module_& module);
void bind_settings(nanobind::module_& module);
void bind_queries(nanobind::module_& module);
void bind_observe(nanobind::module_& module);
void bind_plan(nanobind::module_& module);
void bind_device_array(nanobind::module_& module);

}  // namespace aotgemm::python
