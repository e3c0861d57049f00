#include "python/plan/plan_hooks.hpp"

#include <nanobind/nanobind.h>

#include "aotgemm/aotgemm.h"

namespace aotgemm::python {

namespace nb = nanobind;

void apply_environment_once() {
    static bool applied = false;
    if (applied) return;
    nb::module_::import_("aotgemm.plan.environment").attr("apply")();
    applied = true;
}

void issue_plan_warning() {
    if (aotgemm_plan_mode_in_force() != AOTGEMM_PLAN_WARN) return;
    const char* sentence = aotgemm_plan_warning();
    if (*sentence == '\0') return;
    nb::module_::import_("aotgemm.plan.warn").attr("warn")(sentence);
}

}  // namespace aotgemm::python
