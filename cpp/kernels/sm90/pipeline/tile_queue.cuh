// A queue of tiles in shared memory, from the producer warp to the consumer warpgroups and store warps of a thread
// block.
//
// The scheduler needs divisions and, with groups, reads of global memory: 500 cycles of a dense tile (H100 80GB HBM3,
// 2026-11-24), in which a consumer would multiply nothing. The producer runs ahead and has that time.
#pragma once

#include <cstdint>

#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/schedule/dense_scheduler.cuh"
#include "sm90/schedule/written_rows.cuh"

namespace aotgemm::sm90 {

constexpr int kTileSlots = 4;       // tiles that the producer may be ahead: it is far ahead where K is short
// Of a tile, its number of stages and its PaddingTiles in 32, then the barriers `full` and `empty`.
constexpr int kTileSlotBytes = 48;
constexpr int kTileQueueBytes = kTileSlots * kTileSlotBytes;

template <class Config>
struct TileQueue {
    uint32_t shared;  // start of dynamic shared memory
    uint32_t count = 0;

    // One thread initialises the barriers, before any use.
    __device__ __forceinline__ void init() const {
        for (uint32_t i = 0; i < kTileSlots; ++i) {
            ptx::mbarrier_init(slot(i) + 32, 1);
            ptx::mbarrier_init(slot(i) + 40, Config::kTileConsumers);
        }
    }

    // The producer thread, or its warp with that thread as leader, appends a tile and the number of stages in its sum.
    __device__ __forceinline__ void push(const Tile& tile, int32_t stages, bool leader, PaddingTiles padding = {}) {
        const uint32_t at = slot(count % kTileSlots);
        ptx::mbarrier_wait(at + 40, parity() ^ 1);
        if (leader) {
            ptx::store_4_words(at, tile.group, tile.row, tile.n, tile.rows);
            ptx::store_word(at + 16, stages);
            if constexpr (kHasPaddingTiles<Config>) ptx::store_word(at + 20, padding.packed);
            ptx::mbarrier_arrive(at + 32);
        }
        ++count;
    }
    __device__ __forceinline__ void close(bool leader) { push({0, 0, -1, 0}, 0, leader); }

    // Every consumer thread takes the next tile; false once the queue is closed.
    __device__ __forceinline__ bool pop(Tile& tile) {
        int32_t unused;
        return pop(tile, unused);
    }
    __device__ __forceinline__ bool pop(Tile& tile, PaddingTiles& padding) {
        int32_t unused;
        return pop(tile, unused, padding);
    }
    __device__ __forceinline__ bool pop(Tile& tile, int32_t& stages) {
        const uint32_t at = read(tile);
        // The compiler treats a shuffle's result as uniform; without the shuffle the loops over K took 10% longer.
        stages = __shfl_sync(0xFFFFFFFF, ptx::load_word(at + 16), 0);
        return release(at, tile);
    }

    __device__ __forceinline__ bool pop(Tile& tile, int32_t& stages, PaddingTiles& padding) {
        const uint32_t at = read(tile);
        stages = __shfl_sync(0xFFFFFFFF, ptx::load_word(at + 16), 0);
        if constexpr (kHasPaddingTiles<Config>) padding.packed = ptx::load_word(at + 20);
        return release(at, tile);
    }

    // A single thread takes the next tile. It counts as one of Config::kTileConsumers.
    __device__ __forceinline__ bool pop_single_thread(Tile& tile) {
        const uint32_t at = read(tile);
        return release(at, tile);
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
    __device__ __forceinline__ bool release(uint32_t at, const Tile& tile) {
        ptx::mbarrier_arrive(at + 40);
        ++count;
        return tile.n >= 0;
    }
    __device__ __forceinline__ uint32_t slot(uint32_t i) const {
        return shared + Config::kOffsetTiles + i * kTileSlotBytes;
    }
    __device__ __forceinline__ uint32_t parity() const { return count / kTileSlots & 1; }
};

}  // namespace aotgemm::sm90
