// Position in a pipeline: the stage, and the parity of its barriers.
#pragma once

#include <cstdint>

namespace aotgemm::sm90 {

template <int kStages>
struct PipelineState {
    uint32_t stage = 0;
    uint32_t parity = 0;

    __device__ __forceinline__ void advance() {
        if (++stage == kStages) {
            stage = 0;
            parity ^= 1;
        }
    }
};

}  // namespace aotgemm::sm90
