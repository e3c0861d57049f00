// A tile of A or B in shared memory, K-major or MN-major: its TMA loads and its wgmma descriptors.
//
// Both consist of 128-byte rows in 128-byte swizzle, eight rows to a 1,024-byte atom. A slice of a stage (64 elements
// of K) takes 128 bytes for each row of the tile in both.
//
// K-major: one row for each row of the tile, 64 elements of K wide. Instructions advance by 32 bytes along K inside
// the swizzled row; a distance of 1,024 bytes leads to the next eight rows of the tile.
//
// MN-major: boxes of 64 elements of M (or N), one row for each K, so a box is 64 rows, 8,192 bytes. The PTX ISA
// ("Asynchronous warpgroup level matrix shared memory layout", MN-major with 128-byte swizzle) builds such a matrix
// from atoms of 64 elements of M (or N) by 8 of K, each 8 rows of 128 bytes; the descriptor's stride offset leads from
// 8 elements of K to the next 8 (the next atom of the box, 1,024 bytes on), its leading offset from 64 elements of M
// (or N) to the next 64 (the next box, 8,192 bytes on). 16 elements of K, one instruction, are two atoms: 2,048 bytes.
#pragma once

#include <cstdint>

#include "ptx/copy.cuh"
#include "ptx/wgmma.cuh"
#include "sm90/bf16_gemm/params.hpp"

namespace aotgemm::sm90 {

// kGroups: the tensor has a third dimension, the group.
template <int kTileRows, bool kMnMajor_, bool kGroups>
struct Bf16Operand {
    static constexpr bool kMnMajor = kMnMajor_;
    static constexpr int kSliceBytes = kTileRows * 128;
    static constexpr int kBoxBytes = kBf16Slice * 128;  // of an MN-major box
    static_assert(!kMnMajor || kTileRows % kBf16Slice == 0, "an MN-major tile is made of boxes of 64");

    __device__ __forceinline__ static uint64_t descriptor(uint32_t shared) {
        if constexpr (kMnMajor) return ptx::swizzled_descriptor(shared, kBoxBytes);
        return ptx::swizzled_descriptor(shared);
    }

    // Bytes from the tile's start to row `row` (a multiple of 64 if MN-major) and step `step` of 16 elements of K.
    __host__ __device__ static constexpr int offset(int row, int step) {
        const int slice = step / 4, in_slice = step % 4;
        const int inside = kMnMajor ? row / kBf16Slice * kBoxBytes + in_slice * 16 * 128 : row * 128 + in_slice * 32;
        return slice * kSliceBytes + inside;
    }

    // Loads a slice whose first row is `row` and first element of K is `k`; the TMA fills in zeros outside the tensor.
    // Where kShare blocks of a cluster need the same tile, each block loads its part for all of them (multicast).
    template <int kShare>
    __device__ __forceinline__ static void load(uint32_t to, const CUtensorMap* map, uint32_t full, int32_t row,
                                                int32_t k, int32_t group, uint32_t rank, bool evict_first) {
        constexpr int kPart = kTileRows / kShare;
        const int first = kShare > 1 ? static_cast<int>(rank) * kPart : 0;
        if constexpr (kMnMajor) {
            static_assert(kPart % kBf16Slice == 0, "a shared MN-major tile is divided between boxes");
#pragma unroll
            for (int box = 0; box < kPart; box += kBf16Slice) {
                load_box<kShare>(to + (first + box) * 128, map, full, {row + first + box, k, group}, evict_first);
            }
        } else {
            static_assert(kPart % 8 == 0, "a shared K-major tile is divided between swizzle atoms");
            load_box<kShare>(to + first * 128, map, full, {k, row + first, group}, evict_first);
        }
    }

   private:
    template <int kShare>
    __device__ __forceinline__ static void load_box(uint32_t to, const CUtensorMap* map, uint32_t full, ptx::Point3 at,
                                                    bool evict_first) {
        constexpr uint16_t kEveryone = (1 << kShare) - 1;
        if constexpr (kShare > 1 && kGroups) {
            ptx::tma_load_multicast(to, map, full, at, kEveryone);
        } else if constexpr (kShare > 1) {
            ptx::tma_load_multicast(to, map, full, at.x, at.y, kEveryone);
        } else if constexpr (kGroups) {
            evict_first ? ptx::tma_load(to, map, full, at, ptx::evict_first_policy())
                        : ptx::tma_load(to, map, full, at);
        } else {
            evict_first ? ptx::tma_load(to, map, full, at.x, at.y, ptx::evict_first_policy())
                        : ptx::tma_load(to, map, full, at.x, at.y);
        }
    }
};

}  // namespace aotgemm::sm90
