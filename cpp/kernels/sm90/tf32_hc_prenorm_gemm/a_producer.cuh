// The producer of A: one thread that keeps the pipeline of BF16 tiles full by TMA loads.
#pragma once

#include "ptx/copy.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/tf32_hc_prenorm_gemm/config.cuh"
#include "sm90/tf32_hc_prenorm_gemm/work.cuh"

namespace aotgemm::sm90 {

template <class Config>
__device__ __forceinline__ void produce_a(const HcPrenormParams& params, uint32_t shared) {
    const StageBarriers barriers{shared + Config::kOffsetBarriersA};
    const auto bytes = static_cast<uint32_t>(params.tile_rows) * kPrenormBlockK * 2;
    const uint64_t read_once = ptx::evict_first_policy();
    PipelineState<kPrenormStagesA> at;
    for (KBlockStream blocks(params); blocks.next(); at.advance()) {
        ptx::mbarrier_wait(barriers.empty(at.stage), at.parity ^ 1);
        ptx::mbarrier_arrive_expect_tx(barriers.full(at.stage), bytes);
        ptx::tma_load(shared + Config::kOffsetA + at.stage * kPrenormStageBytesA, &params.a, barriers.full(at.stage),
                      blocks.block * kPrenormBlockK, blocks.row, read_once);
    }
}

}  // namespace aotgemm::sm90
