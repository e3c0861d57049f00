// Hands the tiles of a thread block from its producer to its consumers and to those who move boxes for them.
//
// To find the next tile takes divisions and, with groups, reads of global memory: 500 cycles of a dense tile (H100 80GB
// HBM3, 2026-11-24), in which a consumer would multiply nothing. The producer works ahead and has that time.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/schedule/dense_scheduler.cuh"

namespace aotgemm::sm90 {

constexpr int kTileSlots = 4;  // tiles the producer may be ahead, which is many where K is short
constexpr int kTileSlotBytes = 48;  // a tile and its count of stages in 32, then the barriers `full` and `empty`
constexpr int kTileRingBytes = kTileSlots * kTileSlotBytes;

template <class Config>
struct TileRing {
    uint32_t shared;  // start of dynamic shared memory
    uint32_t count = 0;

    // By one thread, before any other uses the barriers.
    __device__ __forceinline__ void init() const {
        for (uint32_t i = 0; i < kTileSlots; ++i) {
            ptx::mbarrier_init(slot(i) + 32, 1);
            ptx::mbarrier_init(slot(i) + 40, Config::kTakers);
        }
    }

    // By the producing thread, or by its warp with that one as the leader: the next tile, and what it wants the consumers to
    // know of the sum.
    __device__ __forceinline__ void put(const Tile& tile, int32_t stages, bool leader) {
        const uint32_t at = slot(count % kTileSlots);
        ptx::mbarrier_wait(at + 40, parity() ^ 1);
        if (leader) {
            ptx::store_4_words(at, tile.group, tile.row, tile.n, tile.rows);
            ptx::store_word(at + 16, stages);
            ptx::mbarrier_arrive(at + 32);
        }
        ++count;
    }
    __device__ __forceinline__ void put_end(bool leader) { put({0, 0, -1, 0}, 0, leader); }

    // By every consumer thread. False if there are no more.
    __device__ __forceinline__ bool take(Tile& tile) {
        int32_t unused;
        return take(tile, unused);
    }
    __device__ __forceinline__ bool take(Tile& tile, int32_t& stages) {
        const uint32_t at = read(tile);
        // The compiler takes the result of a shuffle for uniform; without that the loops over K took 10% longer.
        stages = __shfl_sync(0xFFFFFFFF, ptx::load_word(at + 16), 0);
        return give_back(at, tile);
    }

    // By a single thread that counts among Config::kTakers.
    __device__ __forceinline__ bool take_alone(Tile& tile) {
        const uint32_t at = read(tile);
        return give_back(at, tile);
    }

   private:
    __device__ __forceinline__ uint32_t read(Tile& tile) const {
        const uint32_t at = slot(count % kTileSlots);
        ptx::mbarrier_wait(at + 32, parity());
        const uint4 words = ptx::load_16_bytes(at);
        tile = {static_cast<int32_t>(words.x), static_cast<int32_t>(words.y), static_cast<int32_t>(words.z),
                static_cast<int32_t>(words.w)};
        return at;
    }
    __device__ __forceinline__ bool give_back(uint32_t at, const Tile& tile) {
        ptx::mbarrier_arrive(at + 40);
        ++count;
        return tile.n >= 0;
    }
    __device__ __forceinline__ uint32_t slot(uint32_t i) const { return shared + Config::kOffsetTiles + i * kTileSlotBytes; }
    __device__ __forceinline__ uint32_t parity() const { return count / kTileSlots & 1; }
};

}  // namespace aotgemm::sm90
