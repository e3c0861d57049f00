// Units of D in shared memory, a ring of them for each consumer warpgroup, and who may touch one: `ready` says that its
// unit of C has arrived or, without C, that the last one has left; `written` that the consumers have put their sums there.
#pragma once

#include <cstdint>

#include "ptx/mbarrier.cuh"

namespace aotgemm::sm90 {

constexpr int kUnitRingBytes = 16;  // of barriers for each unit held

// Units are numbered over all tiles of the thread block. `tile` counts those, from 0 on; unit kUnit of a tile comes
// kUnitsHeld units after the one before it in the same place.
template <class Config>
struct UnitRing {
    static constexpr uint32_t kUnits = Config::kUnits, kHeld = Config::kUnitsHeld;

    uint32_t shared;  // start of dynamic shared memory
    int group;        // whose: the consumer warpgroup

    // By one thread, for all groups, before any other uses the barriers and before mbarrier_init_fence.
    __device__ __forceinline__ static void init(uint32_t shared) {
        for (int i = 0; i < Config::kConsumers * Config::kUnitsHeld; ++i) {
            const uint32_t ready = shared + Config::kOffsetUnitBarriers + i * kUnitRingBytes;
            ptx::mbarrier_init(ready, 1);
            ptx::mbarrier_init(ready + 8, 128);
        }
    }

    template <int kUnit>
    __device__ __forceinline__ uint32_t box(uint32_t tile) const {
        return shared + place<kUnit>(tile) * Config::kUnitBytes;
    }
    template <int kUnit>
    __device__ __forceinline__ uint32_t ready(uint32_t tile) const {
        return shared + Config::kOffsetUnitBarriers + place<kUnit>(tile) * kUnitRingBytes;
    }
    template <int kUnit>
    __device__ __forceinline__ uint32_t written(uint32_t tile) const {
        return ready<kUnit>(tile) + 8;
    }
    // Of both barriers: the place is used for the first time with parity 0.
    template <int kUnit>
    __device__ __forceinline__ uint32_t parity(uint32_t tile) const {
        return (tile * kUnits + kUnit) / kHeld & 1;
    }

   private:
    template <int kUnit>
    __device__ __forceinline__ uint32_t place(uint32_t tile) const {
        const uint32_t in_ring = kUnits % kHeld == 0 ? kUnit % kHeld : (tile * kUnits + kUnit) % kHeld;
        return static_cast<uint32_t>(group) * kHeld + in_ring;
    }
};

}  // namespace aotgemm::sm90
