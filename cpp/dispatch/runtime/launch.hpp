// One launch, the same for every kernel family.
#pragma once

#include "dispatch/runtime/cubin_store.hpp"

namespace aotgemm {

struct LaunchShape {
    uint32_t grid, threads;  // along x
    uint32_t grid_y = 1;
    uint32_t cluster = 1;
    uint32_t shared_bytes = 0;
    bool programmatic_launch = false;  // programmatic dependent launch, whatever set_pdl says: after a kernel of the same call
};

// Launches the cubin's kernel on the stream. `parameters` points at its one by-value argument.
void launch(const CudaDevice& device, int cubin, const LaunchShape& shape, void* stream, void* parameters);

}  // namespace aotgemm
