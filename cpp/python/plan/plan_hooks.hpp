// What a call does about plans on Python's side.
#pragma once

namespace aotgemm::python {

// Before the process's first call: loads the plan that the environment names. Raises PlanError, at every call, if that
// fails. The C++ library never reads the environment.
void apply_environment_once();

// After a call: issues the warning that warn mode left for this thread.
void issue_plan_warning();

}  // namespace aotgemm::python
