// aotgemm._core: the C ABI for Python. Importing it touches no device.
#include <dlfcn.h>

#include <cstring>
#include <string>

#include "aotgemm/aotgemm.h"
#include "python/bindings.hpp"

namespace {

// The loader gives a second copy of the package in one process the library that the first copy loaded, since both have
// one SONAME. Of two versions the functions would differ in their arguments.
void refuse_library_of_another_version() {
    if (std::strcmp(aotgemm_version(), AOTGEMM_VERSION) == 0) return;
    Dl_info where{};
    dladdr(reinterpret_cast<const void*>(&aotgemm_version), &where);
    const std::string message = std::string("aotgemm ") + AOTGEMM_VERSION + " found libaotgemm.so of version " +
                                aotgemm_version() + " in this process, from " +
                                (where.dli_fname ? where.dli_fname : "an unknown file") +
                                "; two versions cannot be used in one process: remove one of them";
    throw nanobind::import_error(message.c_str());
}

}  // namespace

NB_MODULE(_core, module) {
    refuse_library_of_another_version();
#ifdef NDEBUG
    // PyTorch lets go of no memory that it views once the interpreter ends: nanobind would name each DeviceArray under a
    // tensor that lives as long as the program, and ask its user to look for a fault.
    nanobind::set_leak_warnings(false);
#endif
    aotgemm::python::bind_gemm(module);
    aotgemm::python::bind_casts(module);
    aotgemm::python::bind_convert(module);
    aotgemm::python::bind_conversions(module);
    aotgemm::python::bind_hc_prenorm(module);
    aotgemm::python::bind_indexer(module);
    aotgemm::python::bind_settings(module);
    aotgemm::python::bind_queries(module);
    aotgemm::python::bind_observe(module);
    aotgemm::python::bind_plan(module);
    aotgemm::python::bind_device_array(module);
}
