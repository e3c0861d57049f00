// How long a kernel takes: arithmetic for the problem at hand over rates that were measured.
#pragma once

#include "aotgemm/aotgemm.h"
#include "dispatch/select/tile_counts.hpp"
#include "dispatch/select/tile_rates.hpp"

namespace aotgemm {

struct Prediction {
    double us;
    double computing_us;  // of the busiest block
    double reading_us;    // A and B from device memory
    double outside_us;    // asking for rows past their ends
    TileCounts counts;
};

// The model of one problem on one device; problem.num_sms must be set.
class TimeModel {
public:
    TimeModel(const aotgemm_problem& problem, const aotgemm_device& device);

    Prediction predict(int32_t kernel) const;
    const DeviceRates& rates() const { return rates_; }

private:
    DeviceRates rates_;
    Extents extents_;
    double device_sms_;
};

}  // namespace aotgemm
