// Kernels of an indexer family on sm_100a: by heads, and FP8 or FP4.
#pragma once

#include <bit>
#include <cstdint>

#include "dispatch/runtime/cubin_store.hpp"

namespace aotgemm {

struct Sm100IndexerKernels {
    Conversion of_heads[4][2];  // 8, 16, 32 and 64; FP8 and FP4

    // Index of the cubin. Fails with AOTGEMM_ERROR_DEVICE if the library holds none for the device.
    int cubin_for(const CudaDevice& device, int32_t heads, bool is_fp4) {
        return of_heads[std::countr_zero(static_cast<uint32_t>(heads)) - 3][is_fp4 ? 1 : 0].cubin_for(device);
    }
};

}  // namespace aotgemm
