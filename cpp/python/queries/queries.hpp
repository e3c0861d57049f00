// Shared by the queries.
#pragma once

#include <nanobind/nanobind.h>

#include "aotgemm/aotgemm.h"

namespace aotgemm::python {

// A device given by name, or as the dict that named_device returns.
aotgemm_device read_device(nanobind::handle given);

}  // namespace aotgemm::python
