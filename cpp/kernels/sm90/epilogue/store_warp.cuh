// Stores the subtiles of D of one consumer warpgroup of fp8_gemm_1d1d through the TMA, then frees their stages for C or
// for the next sums. One thread of an otherwise idle warp of the producer's warpgroup, for each consumer warpgroup.
//
// The wait graph has no cycle, so the block cannot deadlock. The store warp waits for a tile only after it has stored
// all subtiles of the previous one, whose stages the producer has then filled. The producer waits for that tile's
// subtiles to be freed before it loads the next tile's C, and pushes a tile after waiting only for a queue slot that is
// four tiles old. The consumers wait for a subtile that is loaded once the TMA has read the subtile kEpilogueStages
// before it, which they have written.
//
// C may be D. A subtile of C is read once, before the same subtile of D is written, and by the block that writes it.
#pragma once

#include "common/static_for.cuh"
#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/schedule/dense_scheduler.cuh"
#include "sm90/pipeline/tile_queue.cuh"
#include "sm90/epilogue/c_loader.cuh"
#include "sm90/epilogue/subtile_coord.cuh"
#include "sm90/epilogue/epilogue_pipeline.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct StoreWarp {
    static constexpr int kSubtiles = Config::kSubtiles, kStages = Config::kEpilogueStages;

    const typename Config::Params& params;
    EpiloguePipeline<Config> pipeline;
    TileQueue<Config> tiles;

    // One thread runs all of it, since the TMA counts stores per thread.
    __device__ __forceinline__ void run() {
        Tile tile;
        bool more = tiles.pop_single_thread(tile);
        if (more) static_for<kStages>([&](auto subtile) { release(subtile); });
        while (more) {
            static_for<kSubtiles>([&](auto subtile) {
                ptx::mbarrier_wait(pipeline.written(number(), subtile), pipeline.parity(number(), subtile));
                store(tile, subtile);
                if constexpr (subtile + kStages < kSubtiles) {  // the consumers wait for this stage
                    ptx::tma_store_wait_read();
                    load_c(params, pipeline, tile, number(), subtile + kStages);
                }
            });
            more = tiles.pop_single_thread(tile);
            if (!more) break;
            static_for<kStages>([&](auto subtile) {
                ptx::tma_store_wait_read<kStages - 1 - subtile>();  // the TMA has read the previous subtile here
                release(subtile);
            });
        }
        ptx::tma_store_wait_read();  // shared memory outlives the stores
    }

   private:
    // Number of the tile popped last, from 0 on.
    __device__ __forceinline__ uint32_t number() const { return tiles.count - 1; }

    // Frees the stage for the producer warp, which loads C into it, or for the consumers.
    __device__ __forceinline__ void release(int subtile) const {
        ptx::mbarrier_arrive(params.adds_c != 0 ? pipeline.free(number(), subtile) : pipeline.ready(number(), subtile));
    }

    __device__ __forceinline__ void store(const Tile& tile, int subtile) const {
        const SubtileCoord coord = subtile_coord<Config>(tile, params.n, pipeline.group, subtile);
        if (coord.is_inside) ptx::tma_store(&params.d, pipeline.box(number(), subtile), coord.x, coord.row);
        ptx::tma_store_commit();  // an empty group too: waits count groups
    }
};

}  // namespace aotgemm::sm90
