// Settings of the process that every later call reads, and the constants of its layouts.
#include "python/arrays/tensor_args.hpp"
#include "python/bindings.hpp"
#include "python/errors.hpp"
#include "python/integers.hpp"

namespace aotgemm::python {

namespace nb = nanobind;
using namespace nanobind::literals;

void bind_settings(nb::module_& module) {
    module.def("set_num_sms", [](nb::handle num_sms) { check(aotgemm_set_num_sms(read_int("num_sms", num_sms, 0))); },
               "num_sms"_a, nb::sig("def set_num_sms(num_sms: int) -> None"));
    module.def("get_num_sms", &aotgemm_get_num_sms);
    module.def("set_pdl", [](bool enabled) { aotgemm_set_pdl(enabled); }, "enabled"_a);
    module.def("get_pdl", [] { return aotgemm_get_pdl() != 0; });
    module.def("set_compile_only", [](bool enabled) { aotgemm_set_compile_only(enabled); }, "enabled"_a);
    module.def("get_compile_only", [] { return aotgemm_get_compile_only() != 0; });
    module.def("set_cpu_arch", [](const char* arch) { check(aotgemm_set_cpu_arch(arch)); }, "arch"_a);
    module.def("get_cpu_arch", &aotgemm_get_cpu_arch);
    module.def(
        "arch_of",
        [](nb::handle tensor, const char* name) {
            const aotgemm_tensor view = read_tensor(name, tensor);
            const char* arch = nullptr;
            check(aotgemm_arch_of(&view, &arch));
            return arch;
        },
        "tensor"_a.none(), "name"_a, "The architecture that a call on this tensor is for.");
    module.def("check_address", [](nb::handle tensor, const char* name) {
        const aotgemm_tensor view = read_tensor(name, tensor);
        check(aotgemm_check_address(&view, name));
    }, "tensor"_a.none(), "name"_a, "Raises LayoutError where a tensor of any element type has no memory.");
    module.def("group_alignment", &aotgemm_group_alignment);
    module.def("set_psum_alignment", [](nb::handle rows) { check(aotgemm_set_psum_alignment(read_int("alignment", rows))); }, "rows"_a);
    module.def("get_psum_alignment", &aotgemm_get_psum_alignment);
}

}  // namespace aotgemm::python
