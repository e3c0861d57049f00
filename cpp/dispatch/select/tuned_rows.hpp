// Measured choices: a table that codegen makes from codegen/tuning, sorted, and searched by problem and device.
#pragma once

#include <span>
#include <string_view>
#include <tuple>

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// Devices that share measurements.
struct TunedDevice {
    int32_t cc_major, cc_minor, num_sms;
    int32_t memory_gbps_first, memory_gbps_last;
};

// Columns of codegen/tuning/README.md.
struct TunedRow {
    int32_t device;  // index of a TunedDevice
    std::string_view family, grouping, layout, out_dtype;
    int32_t groups;
    int64_t n, k, m_first, m_last, m;
    int32_t kernel;
    double us;
    const char* next;
    double next_us;
    const char* source;  // card, clock, date

    constexpr auto problem() const { return std::tie(device, family, grouping, layout, out_dtype, groups, n, k); }
    constexpr auto key() const { return std::tie(device, family, grouping, layout, out_dtype, groups, n, k, m_first); }
};

// The generated tables; rows in rising order of key().
std::span<const TunedDevice> tuned_devices();
std::span<const TunedRow> tuned_rows();

// The row for a problem that may use all of the device's SMs, or null if nothing was measured for it.
const TunedRow* find_tuned_row(const aotgemm_problem& problem, const aotgemm_device& device);

}  // namespace aotgemm
