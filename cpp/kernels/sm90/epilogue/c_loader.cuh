// Loads the subtiles of C for fp8_gemm_1d1d. The producer warp issues these TMA loads between the stages of a tile: all
// of them at once would delay the stages that the consumer warpgroups need next.
#pragma once

#include <cstdint>

#include "ptx/copy.cuh"
#include "ptx/mbarrier.cuh"
#include "sm90/schedule/dense_scheduler.cuh"
#include "sm90/epilogue/subtile_coord.cuh"
#include "sm90/epilogue/epilogue_pipeline.cuh"

namespace aotgemm::sm90 {

// Makes a free stage ready for the consumers' sums: the TMA loads the subtile of C into it, if there is a C. `number`
// is the tile's, see EpiloguePipeline.
template <class Config>
__device__ __forceinline__ void load_c(const typename Config::Params& params, const EpiloguePipeline<Config>& pipeline,
                                       const Tile& tile, uint32_t number, int subtile) {
    const uint32_t ready = pipeline.ready(number, subtile);
    const SubtileCoord coord = subtile_coord<Config>(tile, params.n, pipeline.group, subtile);
    if (params.adds_c != 0 && coord.is_inside) {
        ptx::mbarrier_arrive_expect_tx(ready, Config::kSubtileBytes);
        ptx::tma_load(pipeline.box(number, subtile), &params.c, ready, coord.x, coord.row);
    } else {
        ptx::mbarrier_arrive(ready);
    }
}

// The producer warp loads the first kEpilogueStages subtiles of each tile; the store warp loads the others.
template <class Config>
struct CLoader {
    const typename Config::Params& params;
    uint32_t shared;   // start of dynamic shared memory
    int32_t next = 0;  // subtile of the current tile

    // The producer calls this after it has filled stage `stage` of a tile. During the first kStages stages the
    // consumers may still write the previous tile. After them, the loads are spread over the first half of the
    // remaining stages.
    __device__ __forceinline__ void after_stage(const Tile& tile, uint32_t number, int32_t stage) {
        const int32_t late = stage - Config::kStages;
        if (late < 0 || next == Config::kEpilogueStages || params.adds_c == 0) return;
        const int32_t stages = (params.k_blocks + Config::kSlices - 1) / Config::kSlices;
        if (late % max((stages - Config::kStages) / (2 * Config::kEpilogueStages), 1) == 0) load_next(tile, number);
    }

    // The producer calls this after all stages of a tile.
    __device__ __forceinline__ void finish(const Tile& tile, uint32_t number) {
        while (params.adds_c != 0 && next < Config::kEpilogueStages) load_next(tile, number);
        next = 0;
    }

   private:
    // The consumers need nothing more from the producer to begin this tile, so they have written, or will write, the
    // previous tile's subtiles, and the store warp stores them. `free` completes once a tile for each stage.
    __device__ __forceinline__ void load_next(const Tile& tile, uint32_t number) {
        for (int group = 0; group < Config::kConsumers; ++group) {
            const EpiloguePipeline<Config> pipeline{shared, group};
            ptx::mbarrier_wait(pipeline.free(number, next), number & 1);
            load_c(params, pipeline, tile, number, next);
        }
        ++next;
    }
};

}  // namespace aotgemm::sm90
