// What the process has done, and lines of its calls.
#include <aotgemm/observe.h>

#include "python/bindings.hpp"

namespace aotgemm::python {

namespace nb = nanobind;
using namespace nanobind::literals;

void bind_observe(nb::module_& module) {
    module.def("stats", [] {
        const aotgemm_stats stats = aotgemm_get_stats();
        nb::dict by_kernel, all;
        for (int32_t cubin = 0; cubin < aotgemm_cubin_count(); ++cubin) {
            if (const int64_t launches = aotgemm_launches_of(cubin)) by_kernel[aotgemm_cubin_at(cubin)->name] = launches;
        }
        all["cpu_gemms"] = stats.cpu_gemms;
        all["launches"] = stats.launches;
        all["loads"] = stats.loads;
        all["refused"] = stats.refused;
        all["launches_by_kernel"] = by_kernel;
        return all;
    });
    module.def("set_call_lines", &aotgemm_set_call_lines, "file"_a);
    module.def(
        "set_ranges",
        [](std::uintptr_t push, std::uintptr_t pop) {
            const aotgemm_ranges ranges{.push = reinterpret_cast<int (*)(const char*)>(push),
                                        .pop = reinterpret_cast<int (*)()>(pop)};
            aotgemm_set_ranges(&ranges);
        },
        "push"_a, "pop"_a, "Addresses of the two functions of aotgemm_ranges; 0 for no more ranges.");
}

}  // namespace aotgemm::python
