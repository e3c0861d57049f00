#include "python/errors.hpp"

namespace aotgemm::python {

namespace nb = nanobind;

namespace {

// Looked up when needed: an import during module initialisation would be circular.
nb::object find_type(const char* name) { return nb::module_::import_("aotgemm.errors").attr(name); }

}  // namespace

void raise(const char* type, const std::string& message) {
    PyErr_SetString(find_type(type).ptr(), message.c_str());
    throw nb::python_error();
}

void raise_from(nb::python_error& cause, const char* type, const std::string& message) {
    nb::raise_from(cause, find_type(type).ptr(), "%s", message.c_str());
    throw nb::python_error();
}

const char* error_type(aotgemm_status status) {
    switch (status) {
        case AOTGEMM_ERROR_SHAPE: return "ShapeError";
        case AOTGEMM_ERROR_DTYPE: return "DtypeError";
        case AOTGEMM_ERROR_LAYOUT: return "LayoutError";
        case AOTGEMM_ERROR_DEVICE: return "DeviceError";
        case AOTGEMM_ERROR_KERNEL_MISSING: return "KernelMissingError";
        case AOTGEMM_ERROR_PLAN: return "PlanError";
        case AOTGEMM_ERROR_CUDA: return "CudaError";
        case AOTGEMM_OK:
        case AOTGEMM_ERROR_INTERNAL: break;
    }
    return "Error";
}

void check(aotgemm_status status) {
    if (status != AOTGEMM_OK) raise(error_type(status), aotgemm_last_error());
}

}  // namespace aotgemm::python
