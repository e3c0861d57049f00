// The producer: one thread that keeps the stages full by TMA loads.
#pragma once

#include "ptx/copy.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/tf32_hc_prenorm_gemm/stages.cuh"
#include "sm90/tf32_hc_prenorm_gemm/tiles.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct HcPrenormProducer {
    const HcPrenormTileParams& params;
    uint32_t shared;

    __device__ __forceinline__ void run() const {
        const StageBarriers barriers{shared + Config::kOffsetBarriers};
        const uint64_t read_once = ptx::evict_first_policy();
        const auto block_bytes = static_cast<uint32_t>(params.call.tile_rows) * kPrenormBlockK * 2;
        PipelineState<Config::kStages> at;
        for_each_tile(params.call, [&](const HcPrenormTile& tile) {
            for (int32_t block = 0; block < tile.blocks; block += kPrenormStageBlocks, at.advance()) {
                const uint32_t full = barriers.full(at.stage), stage = shared + at.stage * Config::kStageBytes;
                ptx::mbarrier_wait(barriers.empty(at.stage), at.parity ^ 1);
                ptx::mbarrier_arrive_expect_tx(full, kPrenormStageBlocks * block_bytes + Config::kBytesB);
                const int32_t column = (tile.first_block + block) * kPrenormBlockK;
#pragma unroll
                for (int i = 0; i < kPrenormStageBlocks; ++i) {
                    ptx::tma_load(stage + i * Config::kBlockBytesA, &params.call.a, full, column + i * kPrenormBlockK,
                                  tile.row, read_once);
                }
#pragma unroll
                for (int i = 0; i < kPrenormStageChunks; ++i) {
                    ptx::tma_load(stage + Config::kBytesA + i * Config::kChunkBytesB, &params.b, full,
                                  column + i * kPrenormChunkColumns, 0);
                }
            }
        });
    }
};

}  // namespace aotgemm::sm90
