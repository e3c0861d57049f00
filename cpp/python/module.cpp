// aotgemm._core: the C ABI for Python. Importing it touches no device.
#include "python/bindings.hpp"

NB_MODULE(_core, module) {
    aotgemm::python::bind_gemm(module);
    aotgemm::python::bind_conversions(module);
    aotgemm::python::bind_settings(module);
    aotgemm::python::bind_queries(module);
    aotgemm::python::bind_plan(module);
    aotgemm::python::bind_device_array(module);
}
