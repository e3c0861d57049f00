// The launch of a conversion whose grid is a number of thread blocks.
#pragma once

#include "dispatch/base/failure.hpp"
#include "dispatch/runtime/launch.hpp"

namespace aotgemm {

// Fails where a grid would be too large, which `name` is the operand of. To be asked before the CPU computes, which refuses
// what a GPU does.
inline uint32_t checked_grid(const char* name, int64_t blocks) {
    if (blocks <= INT32_MAX) return static_cast<uint32_t>(blocks);
    fail(AOTGEMM_ERROR_SHAPE, name, ": needs ", blocks, " thread blocks, allowed is at most ", INT32_MAX);
}

template <class Params>
void launch_blocks(Conversion& conversion, uint32_t grid, uint32_t threads, Params& parameters, int32_t device_id,
                   const aotgemm_launch& options) {
    const CudaDevice& device = cuda_device(device_id);
    const ContextScope scope(device);
    launch(device, conversion.cubin_for(device), {grid, threads}, options.stream, &parameters);
}

}  // namespace aotgemm
