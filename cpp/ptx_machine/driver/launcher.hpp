// A launch: the kernel's PTX by its name, run under each schedule.
#pragma once

#include <string>

#include "ptx_machine/driver/device_memory.hpp"
#include "ptx_machine/machine/machine.hpp"

namespace aotgemm::ptx_machine {

// False: there are findings, which are where the settings want them.
bool launch(const std::string& kernel, const LaunchShape& shape, const void* parameters, DeviceMemory& memory);

}  // namespace aotgemm::ptx_machine
