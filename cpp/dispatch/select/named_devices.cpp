#include "dispatch/select/named_devices.hpp"

#include <cstring>
#include <iterator>

#include "dispatch/base/failure.hpp"

namespace aotgemm {
namespace {

// SMs and memory by NVIDIA's datasheets and architecture papers; bandwidth and clock as the driver's attributes give
// them for the SXM parts (memory clock x bus width x 2; boost clock).
constexpr aotgemm_device kDevices[] = {
    {"h100", 9, 0, 132, 3352, 1980}, {"h200", 9, 0, 132, 4916, 1980}, {"h100-pcie", 9, 0, 114, 2039, 1755},
    {"h800", 9, 0, 132, 3352, 1980}, {"h20", 9, 0, 78, 4022, 1980},   {"gh200", 9, 0, 132, 4022, 1980},
    {"b200", 10, 0, 148, 7672, 1965}};

}  // namespace

const char* named_device_at(int32_t index) {
    return index >= 0 && index < static_cast<int32_t>(std::size(kDevices)) ? kDevices[index].name : nullptr;
}

const aotgemm_device& named_device(const char* name) {
    std::string known;
    for (const aotgemm_device& device : kDevices) {
        if (std::strcmp(device.name, name) == 0) return device;
        known += text(known.empty() ? "" : ", ", device.name);
    }
    fail(AOTGEMM_ERROR_DEVICE, "device: '", name, "' is not known by name, allowed is one of ", known);
}

}  // namespace aotgemm
