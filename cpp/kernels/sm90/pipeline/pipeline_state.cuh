// Position in the ring of shared-memory stages, and which use of the ring it is.
#pragma once

#include <cstdint>

namespace aotgemm::sm90 {

template <int kStages>
struct StageCursor {
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
