// The consumer warpgroup: tiles of A from shared memory to registers, squares, one chain of wgmma, D and sqr_sum.
//
// A K block is cut into groups of steps, and two sets of fragments take turns: while the wgmma of a group run, the words
// of the next group become fragments. (ptxas runs wgmma one by one if anything becomes a fragment between those of a
// group.) A warp without rows of the tile keeps zeros in its fragments and loads nothing.
#pragma once

#include "common/static_for.cuh"
#include "ptx/arrive_after.cuh"
#include "ptx/block.cuh"
#include "ptx/wgmma.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/tf32_hc_prenorm_gemm/config.cuh"
#include "sm90/tf32_hc_prenorm_gemm/fragments.cuh"
#include "sm90/tf32_hc_prenorm_gemm/work.cuh"
#include "wgmma_tf32.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct HcPrenormConsumer {
    static constexpr int kSteps = kPrenormStepsOfGroup, kGroups = Config::kSteps / kSteps;
    static_assert(kGroups % 2 == 0, "every K block begins with the same set of fragments");
    static constexpr int kPairsOfSteps = Config::kSteps / 2;
    struct Words {
        uint4 pairs[kPairsOfSteps];  // of two steps each: rows g and g + 8 (g: lane / 4) of the one, then of the other
    };

    const HcPrenormParams& params;
    uint32_t shared;
    int warp, lane;
    bool has_rows;
    PipelineState<kPrenormStagesA> a{}, read_a{};  // the next K block to load, the next whose words are to be in use
    PipelineState<kPrenormStagesB> b{}, read_b{};  // the next K block to multiply, the next whose wgmma are to be over
    Words words{};                                 // of a K block, or what is left of it
    SquareSums squares[2]{};

    __device__ __forceinline__ StageBarriers barriers_a() const { return {shared + Config::kOffsetBarriersA}; }
    __device__ __forceinline__ StageBarriers barriers_b() const { return {shared + Config::kOffsetBarriersB}; }

    __device__ __forceinline__ void run() {
        clear_fragments<kPrenormFragments>();
        for (auto index = static_cast<int32_t>(blockIdx.x); index < item_count(params);
             index += static_cast<int32_t>(gridDim.x)) {
            const PrenormItem item(params, index);
            multiply(item.blocks);
            store(item);
        }
    }

   private:
    __device__ __forceinline__ void multiply(int32_t blocks) {
        squares[0] = squares[1] = {};
        if (blocks == 0) return;
        load_words();
        split_words<0>();
        for (int32_t block = 0; block < blocks; ++block) multiply_block(block > 0, block + 1 < blocks);
        ptx::wgmma_wait<0>();
        release_b();
    }

    __device__ __forceinline__ void multiply_block(bool has_previous, bool has_next) {
        ptx::mbarrier_wait(barriers_b().full(b.stage), b.parity);
        static_for<kGroups>([&](auto group) {
            issue<group>(has_previous);
            ptx::wgmma_wait<1>();  // the group before is over, and its fragments are free
            if (group == 0 && has_previous) release_b();
            if constexpr (group + 1 < kGroups) split_words<group + 1>();
            if (group + 2 == kGroups && has_next) load_words();
            if (group + 1 == kGroups && has_next) split_words<0>();
        });
        b.advance();
    }

    __device__ __forceinline__ void release_b() {
        if (lane == 0) ptx::mbarrier_arrive(barriers_b().empty(read_b.stage));
        read_b.advance();
    }

    __device__ __forceinline__ void load_words() {
        if (!has_rows) return;
        ptx::mbarrier_wait(barriers_a().full(a.stage), a.parity);
        // Lane i gives a row of matrix i / 8: rows 0 to 7 and 8 to 15 of one step, then of the next.
        const int row = warp * kPrenormWarpRows + lane % 16, step = lane / 16;
        const uint32_t line = shared + Config::kOffsetA + a.stage * kPrenormStageBytesA + row * 128;
#pragma unroll
        for (int i = 0; i < kPairsOfSteps; ++i) words.pairs[i] = ptx::ldmatrix(line + ((2 * i + step) ^ row % 8) * 16);
        a.advance();
    }

    // Once every word of the stage is in its register (ptx/arrive_after.cuh): the loads wait in the load-store unit behind
    // those of B. With an arrival right behind them, 2% of the launches beside other work had rows of a later K block.
    __device__ __forceinline__ void release_a() {
        uint32_t word = 0;
#pragma unroll
        for (const uint4& pair : words.pairs) word |= pair.x;
        __syncwarp();
        if (lane == 0) {
            const auto zero = static_cast<uint32_t>(params.m >> 31);
            ptx::mbarrier_arrive_after(barriers_a().empty(read_a.stage), word, zero);
        }
        read_a.advance();
    }

    template <int kGroup>
    __device__ __forceinline__ void split_words() {
        if (!has_rows) return;
        static_for<kSteps / 2>([&](auto i) {
            constexpr int kFirst = (kGroup % 2 * kSteps + i * 2) * kPrenormFragmentsOfStep;
            const uint4& pair = words.pairs[kGroup * kSteps / 2 + i];
            split_pair<kFirst>(pair.x, squares[0]);
            split_pair<kFirst + 1>(pair.y, squares[1]);
            split_pair<kFirst + kPrenormFragmentsOfStep>(pair.z, squares[0]);
            split_pair<kFirst + kPrenormFragmentsOfStep + 1>(pair.w, squares[1]);
        });
        if constexpr (kGroup + 1 == kGroups) release_a();
    }

    template <int kGroup>
    __device__ __forceinline__ void issue(bool has_previous) {
        const uint64_t columns = ptx::swizzled_descriptor(shared + Config::kOffsetB + b.stage * Config::kStageBytesB);
        ptx::wgmma_fence();
        static_for<kSteps>([&](auto i) {
            constexpr int kStep = kGroup * kSteps + i;
            constexpr int kToColumns = kStep / 4 * Config::kHalfBytesB + kStep % 4 * 32;
            ptx::WgmmaTf32<Config::kColumns>::template mma<0, (kGroup % 2 * kSteps + i) * kPrenormFragmentsOfStep>(
                columns + kToColumns / 16, kStep > 0 || has_previous);
        });
        ptx::wgmma_commit();
    }

    __device__ __forceinline__ void store(const PrenormItem& item) const {
        if (!has_rows) return;
        const int32_t row = item.row + warp * kPrenormWarpRows + lane / 4;
        const float sums[2] = {row_sum(squares[0]), row_sum(squares[1])};
        static_for<2>([&](auto half) {
            const int32_t at = row + half * 8;
            if (at >= params.m) return;
            if (lane % 4 == 0) params.sqr_sum[int64_t{item.split} * params.m + at] = sums[half];
            float* d = params.d + item.split * params.d_split_stride + at * params.d_row_stride + lane % 4 * 2;
            static_for<Config::kColumns / 8>([&](auto group) {
                d[group * 8] = item.blocks > 0 ? ptx::partial<group * 4 + half * 2>() : 0.0f;
                d[group * 8 + 1] = item.blocks > 0 ? ptx::partial<group * 4 + half * 2 + 1>() : 0.0f;
            });
        });
    }
};

}  // namespace aotgemm::sm90
