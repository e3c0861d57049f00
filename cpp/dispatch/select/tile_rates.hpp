// How fast the tiles of every kernel are on a card: a table that codegen makes from codegen/tuning.
#pragma once

#include <cstdint>
#include <span>

#include "aotgemm/aotgemm.h"

namespace aotgemm {

// What the kernels of one kind of call share; codegen/tuning/README.md says what each constant means.
struct KindRates {
    double bytes_per_us;
    double idle_gain;
    double power_loss;
    double outside_share;
    const char* source;  // card, clock, date
};

struct TileRate {
    double k_block_us;  // of 128 bytes of K
    double tile_us;
    double launch_us;
    int32_t kind;            // index of KindRates
    const char* taken_from;  // grouping, layout and output of the kernel that was measured instead, or null
};

// Devices that share measurements.
struct DeviceClass {
    int32_t cc_major, cc_minor, num_sms, memory_gbps, clock_mhz;
    std::span<const KindRates> kinds;
    std::span<const TileRate> tiles;  // by kernel; empty rows for kernels of other architectures
};

// The generated table.
std::span<const DeviceClass> device_classes();

// The rates for a device: those of its class or, where nobody measured it, those of the nearest class of the
// architecture, brought to its clock and bandwidth. None for an architecture on which nothing was measured but which
// has a model of published facts.
struct DeviceRates {
    const DeviceClass* measured;  // or null
    bool is_own;
    double cycle_scale;      // of times on the SMs
    double bandwidth_scale;  // of bytes per microsecond
};
DeviceRates find_rates(const aotgemm_device& device);

}  // namespace aotgemm
