// How long a kernel will take: a model of the bounds that can hold it, not a measurement.
#pragma once

#include "aotgemm/aotgemm.h"

namespace aotgemm {

struct Prediction {
    double us;
    int32_t grid;       // thread blocks
    int64_t tiles;      // of D, those added to fill clusters included
    int64_t waves;      // tiles the busiest block computes
    const char* bound;  // what holds it: "tensor cores", "promotion latency", "L2 and shared memory", "DRAM"
};

// problem.num_sms must be set.
Prediction predict(const aotgemm_spec& spec, const aotgemm_problem& problem, const aotgemm_device& device);

}  // namespace aotgemm
