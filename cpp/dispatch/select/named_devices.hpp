// Devices the selection knows by name, so that a choice can be explained where there is no GPU.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

const char* named_device_at(int32_t index);
const aotgemm_device& named_device(const char* name);

}  // namespace aotgemm
