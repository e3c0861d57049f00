// The launch of a conversion whose grid is a number of thread blocks.
#pragma once

#include "dispatch/base/failure.hpp"
#include "dispatch/runtime/launch.hpp"

namespace aotgemm {

// Fails where the grid would be too large, which `name` is the operand of.
template <class Params>
void launch_blocks(Conversion& conversion, const char* name, int64_t blocks, uint32_t threads, Params& parameters,
                   int32_t device_id, const aotgemm_launch& options) {
    if (blocks > INT32_MAX) {
        fail(AOTGEMM_ERROR_SHAPE, name, ": needs ", blocks, " thread blocks, allowed is at most ", INT32_MAX);
    }
    const CudaDevice& device = cuda_device(device_id);
    const ContextScope scope(device);
    launch(device, conversion.cubin_for(device), {static_cast<uint32_t>(blocks), threads}, options.stream, &parameters);
}

}  // namespace aotgemm
