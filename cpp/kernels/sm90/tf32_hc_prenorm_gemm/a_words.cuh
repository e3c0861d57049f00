// A warp's 16 rows of a K block of A, as words of BF16 in the order of wgmma's fragments.
#pragma once

#include "common/static_for.cuh"
#include "ptx/arrive_after.cuh"
#include "ptx/block.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/tf32_hc_prenorm_gemm/config.cuh"

namespace aotgemm::sm90 {

// What two warps at a time read of a stage: a consumer and one that sums squares.
template <class Config>
struct AWords {
    static constexpr int kPairs = Config::kSteps / 2;

    uint32_t shared;
    int warp, lane;  // warp: of those that share the rows
    uint32_t zero;   // 0, but not to the compiler
    PipelineState<kPrenormStagesA> load_at{}, release_at{};
    uint4 pairs[kPairs]{};  // of two steps each: rows g and g + 8 (g: lane / 4) of the one, then of the other

    __device__ __forceinline__ uint32_t full() const { return barriers().full(load_at.stage); }
    __device__ __forceinline__ uint32_t parity() const { return load_at.parity; }

    // Lane i gives a row of matrix i / 8: rows 0 to 7 and 8 to 15 of one step, then of the next.
    __device__ __forceinline__ void load() {
        const int row = warp * kPrenormWarpRows + lane % 16, step = lane / 16;
        const uint32_t line = shared + Config::kOffsetA + load_at.stage * kPrenormStageBytesA + row * 128;
        static_for<kPairs>([&](auto pair) { pairs[pair] = ptx::ldmatrix(line + ((2 * pair + step) ^ row % 8) * 16); });
        load_at.advance();
    }

    // The stage of the words is free for this warp once they are there.
    __device__ __forceinline__ void release() {
        uint32_t word = 0;
        static_for<kPairs>([&](auto pair) { word |= pairs[pair].x; });
        __syncwarp();
        if (lane == 0) ptx::mbarrier_arrive_after(barriers().empty(release_at.stage), word, zero);
        release_at.advance();
    }

    // body(word, row): of rows g (0) and g + 8 (1), in the order of K.
    template <int kStep, class Body>
    __device__ __forceinline__ void of_step(const Body& body) const {
        const uint4& pair = pairs[kStep / 2];
        body(kStep % 2 ? pair.z : pair.x, Constant<0>{});
        body(kStep % 2 ? pair.w : pair.y, Constant<1>{});
    }

private:
    __device__ __forceinline__ StageBarriers barriers() const { return {shared + Config::kOffsetBarriersA}; }
};

}  // namespace aotgemm::sm90
