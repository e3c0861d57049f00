// Units of D in shared memory, a ring of them for each consumer warpgroup, and who may touch one: `free` says that what was
// there has left, `ready` that its unit of C has arrived or, without C, that it is free, `written` that the consumers have
// put their sums there.
#pragma once

#include <cstdint>

#include "ptx/mbarrier.cuh"

namespace aotgemm::sm90 {

constexpr int kUnitRingBytes = 32;  // of barriers for each unit held, three of 8

// Units are numbered over all tiles of the thread block. `tile` counts those, from 0 on; a unit of a tile comes kUnitsHeld
// units after the one before it in the same place.
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
            ptx::mbarrier_init(ready + 16, 1);
        }
    }

    __device__ __forceinline__ uint32_t box(uint32_t tile, int unit) const {
        return shared + place(tile, unit) * Config::kUnitBytes;
    }
    __device__ __forceinline__ uint32_t ready(uint32_t tile, int unit) const {
        return shared + Config::kOffsetUnitBarriers + place(tile, unit) * kUnitRingBytes;
    }
    __device__ __forceinline__ uint32_t written(uint32_t tile, int unit) const { return ready(tile, unit) + 8; }
    __device__ __forceinline__ uint32_t free(uint32_t tile, int unit) const { return ready(tile, unit) + 16; }
    // Of `ready` and `written`, and of `free` if all units are held: the place is used for the first time with parity 0.
    __device__ __forceinline__ uint32_t parity(uint32_t tile, int unit) const { return (tile * kUnits + unit) / kHeld & 1; }

   private:
    __device__ __forceinline__ uint32_t place(uint32_t tile, int unit) const {
        const uint32_t in_ring = kUnits % kHeld == 0 ? unit % kHeld : (tile * kUnits + unit) % kHeld;
        return static_cast<uint32_t>(group) * kHeld + in_ring;
    }
};

}  // namespace aotgemm::sm90
