#include "dispatch/select/tile_rates.hpp"

#include <algorithm>

#include "dispatch/base/failure.hpp"
#include "dispatch/select/sm100_model.hpp"

namespace aotgemm {
namespace {

// The same card by its datasheet and by its driver: 4,916 and 4,814 GB/s for an H200. H100 (3,352), GH200 (4,022) and
// H200 stay apart.
constexpr double kSameBandwidth = 1.08;

double ratio(int32_t x, int32_t y) { return static_cast<double>(std::max(x, y)) / std::max(std::min(x, y), 1); }

bool is_of(const aotgemm_device& device, const DeviceClass& known) {
    return device.num_sms == known.num_sms && device.clock_mhz == known.clock_mhz &&
           ratio(device.memory_gbps, known.memory_gbps) <= kSameBandwidth;
}

double distance(const aotgemm_device& device, const DeviceClass& known) {
    return ratio(device.memory_gbps, known.memory_gbps) * ratio(device.clock_mhz, known.clock_mhz) *
           ratio(device.num_sms, known.num_sms);
}

const DeviceClass* nearest_class(const aotgemm_device& device) {
    const DeviceClass* nearest = nullptr;
    for (const DeviceClass& known : device_classes()) {
        if (known.cc_major != device.cc_major || known.cc_minor != device.cc_minor) continue;
        if (nearest == nullptr || distance(device, known) < distance(device, *nearest)) nearest = &known;
    }
    return nearest;
}

}  // namespace

DeviceRates find_rates(const aotgemm_device& device) {
    const DeviceClass* nearest = nearest_class(device);
    if (nearest == nullptr && has_sm100_model(device)) return {nullptr, true, 1, 1};
    if (nearest == nullptr) {
        fail(AOTGEMM_ERROR_DEVICE, "device: is of compute capability ", device.cc_major, ".", device.cc_minor,
             ", for which this library has no tile rates");
    }
    if (is_of(device, *nearest)) return {nearest, true, 1, 1};
    return {nearest, false, static_cast<double>(nearest->clock_mhz) / std::max(device.clock_mhz, 1),
            static_cast<double>(std::max(device.memory_gbps, 1)) / nearest->memory_gbps};
}

}  // namespace aotgemm
