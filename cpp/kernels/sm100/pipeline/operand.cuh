// A tile of A or B in shared memory, K-major or MN-major: its TMA loads and its matrix descriptors.
//
// Both consist of 128-byte rows in 128-byte swizzle, eight rows to an atom of 1,024 bytes. A slice of a stage is 128 bytes
// of K for each row of the tile.
//
// K-major: one row for each row of the tile, 128 bytes of K wide. Matrix instructions take 32 bytes of K and advance by
// them inside the swizzled row.
//
// MN-major: boxes of 128 bytes of M (or N), one row for each element of K, as many as 128 bytes of K are. Such a matrix
// is built from atoms of 128 bytes of M (or N) by 8 of K; the descriptor's stride offset leads from 8 elements of K to the
// next 8, its leading offset from 128 bytes of M (or N) to the next, a whole box on. A tile that is not made of such boxes
// has narrower ones, in the swizzle of their width.
#pragma once

#include <cstdint>
#include <cute/arch/copy_sm100_tma.hpp>
#include <cute/arch/copy_sm90_desc.hpp>

#include "ptx/copy.cuh"
#include "sm100/pipeline/load_boxes.hpp"
#include "sm100/pipeline/matrix_descriptor.cuh"
#include "sm100/pipeline/shared_pointer.cuh"

namespace aotgemm::sm100 {

constexpr int kSliceBytes = 128;  // of K
constexpr int kStepBytes = 32;    // of K, in a matrix instruction

// kTileRows: that a block loads; in a pair half of the operand that both blocks use. kGroups: the tensor has a third
// dimension, the group.
template <int kTileRows, bool kMnMajor_, bool kGroups, int kElementBytes, bool kPair>
struct Operand {
    static constexpr bool kMnMajor = kMnMajor_;
    static constexpr int kTileBytes = kTileRows * kSliceBytes;  // of a slice
    static constexpr int kBoxWidth = kMnMajor ? box_width(kTileRows * kElementBytes) : kSliceBytes;
    static constexpr int kBoxElements = kBoxWidth / kElementBytes;                // of M (or N) in an MN-major box
    static constexpr int kBoxBytes = kSliceBytes / kElementBytes * kBoxWidth;  // of an MN-major box
    static_assert(!kMnMajor || kTileRows % kBoxElements == 0, "an MN-major tile is made of whole boxes");
    static_assert(kTileRows % 8 == 0, "a tile is made of swizzle atoms");

    __host__ __device__ static uint64_t descriptor(uint32_t shared) {
        return swizzled_descriptor(shared, kMnMajor ? kBoxBytes : kNoBoxBytes, kBoxWidth);
    }

    // Bytes from the tile's start to step `step` of 32 bytes of K.
    __host__ __device__ static constexpr int offset(int step) {
        const int slice = step / (kSliceBytes / kStepBytes), in_slice = step % (kSliceBytes / kStepBytes);
        return slice * kTileBytes + in_slice * (kMnMajor ? kStepBytes / kElementBytes * kBoxWidth : kStepBytes);
    }

    // Loads a slice whose first row is `row` and first element of K is `k`; the TMA fills in zeros outside the tensor.
    __device__ __forceinline__ static void load(uint32_t to, const CUtensorMap* map, uint32_t full, int32_t row,
                                                int32_t k, int32_t group, bool evict_first) {
        if constexpr (kMnMajor) {
#pragma unroll
            for (int box = 0; box < kTileRows; box += kBoxElements) {
                load_box(to + box * kSliceBytes, map, full, {row + box, k, group}, evict_first);
            }
        } else {
            load_box(to, map, full, {k, row, group}, evict_first);
        }
    }

   private:
    __device__ __forceinline__ static void load_box(uint32_t to, const CUtensorMap* map, uint32_t full, ptx::Point3 at,
                                                    bool evict_first) {
        if constexpr (kPair) {
            load_box_of_pair(to, map, full, at, evict_first);
        } else if constexpr (kGroups) {
            evict_first ? ptx::tma_load(to, map, full, at, ptx::evict_first_policy())
                        : ptx::tma_load(to, map, full, at);
        } else {
            evict_first ? ptx::tma_load(to, map, full, at.x, at.y, ptx::evict_first_policy())
                        : ptx::tma_load(to, map, full, at.x, at.y);
        }
    }

    // The bytes count at the leader's barrier, whichever block loads.
    __device__ __forceinline__ static void load_box_of_pair(uint32_t to, const CUtensorMap* map, uint32_t full,
                                                            ptx::Point3 at, bool evict_first) {
        const uint64_t policy = evict_first ? ptx::evict_first_policy() : static_cast<uint64_t>(cute::TMA::CacheHintSm100::EVICT_NORMAL);
        auto* barrier = shared_pointer<uint64_t>(full);
        auto* place = shared_pointer<void>(to);
        if constexpr (kGroups) {
            cute::SM100_TMA_2SM_LOAD_3D::copy(map, barrier, policy, place, at.x, at.y, at.z);
        } else {
            cute::SM100_TMA_2SM_LOAD_2D::copy(map, barrier, policy, place, at.x, at.y);
        }
    }
};

}  // namespace aotgemm::sm100
