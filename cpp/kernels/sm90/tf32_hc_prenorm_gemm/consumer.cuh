// The consumer warpgroup: tiles of A from shared memory to registers, squares, one chain of wgmma, D and sqr_sum.
//
// The chain is what takes the time: each wgmma waits for the sums of the one before. So nothing else may come between
// two of them. A K block is cut into groups of steps, and sets of fragments take turns: while the wgmma of some groups
// run, the words of the next group become fragments, and words of the next K block take the place of those that are
// used up. (ptxas runs wgmma one by one if anything becomes a fragment between those of a group.) A warp without rows of
// the tile keeps zeros in its fragments and loads nothing.
#pragma once

#include "common/static_for.cuh"
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
    static constexpr int kSets = kPrenormFragmentSets;
    static_assert(kGroups % kSets == 0, "every K block begins with the same set of fragments");
    static constexpr int kPairs = Config::kSteps / 2;

    const HcPrenormParams& params;
    uint32_t shared;
    int warp, lane;
    bool has_rows;
    PipelineState<kPrenormStagesA> a{};
    PipelineState<kPrenormStagesB> b{}, read_b{};  // the next K block to multiply, the next whose wgmma are to be over
    uint4 words[kPairs]{};  // of two steps each: rows g and g + 8 (g: lane / 4) of the one, then of the other
    SquareSums squares[2]{};

    __device__ __forceinline__ StageBarriers barriers_a() const { return {shared + Config::kOffsetBarriersA}; }
    __device__ __forceinline__ StageBarriers barriers_b() const { return {shared + Config::kOffsetBarriersB}; }

    __device__ __forceinline__ void run() {
        clear_fragments<kPrenormFragments>();
        for (auto index = static_cast<int32_t>(blockIdx.x); index < item_count(params);
             index += static_cast<int32_t>(gridDim.x)) {
            const PrenormItem item(params, index);
            squares[0] = squares[1] = {};
            if (item.blocks > 0) multiply(item.blocks);
            if (has_rows) store(item);
        }
    }

   private:
    __device__ __forceinline__ void multiply(int32_t blocks) {
        if (has_rows) {
            static_for<kPairs>([&](auto pair) { load_words<pair>(); });
            split_group<0>(blocks > 1);
        }
        for (int32_t block = 0; block < blocks; ++block) multiply_block(block, blocks);
        ptx::wgmma_wait<0>();
        release_b();
    }

    // All warps issue the same wgmma, with rows or without.
    __device__ __forceinline__ void multiply_block(int32_t block, int32_t blocks) {
        ptx::mbarrier_wait(barriers_b().full(b.stage), b.parity);
        const uint64_t columns = ptx::swizzled_descriptor(shared + Config::kOffsetB + b.stage * Config::kStageBytesB);
        static_for<kGroups>([&](auto group) {
            issue<group>(columns, block > 0);
            ptx::wgmma_wait<kSets - 1>();  // the next set of fragments is free
            if (group == kSets - 2 && block > 0) release_b();
            if constexpr (group + 1 < kGroups) {
                if (has_rows) split_group<group + 1>(block + 1 < blocks);
            } else if (has_rows && block + 1 < blocks) {
                split_group<0>(block + 2 < blocks);
            }
        });
        b.advance();
    }

    __device__ __forceinline__ void release_b() {
        if (lane == 0) ptx::mbarrier_arrive(barriers_b().empty(read_b.stage));
        read_b.advance();
    }

    // Words of two steps of the next K block. Lane i gives a row of matrix i / 8: rows 0 to 7 and 8 to 15 of one step, then
    // of the other.
    template <int kPair>
    __device__ __forceinline__ void load_words() {
        if constexpr (kPair == 0) ptx::mbarrier_wait(barriers_a().full(a.stage), a.parity);
        const int row = warp * kPrenormWarpRows + lane % 16, step = lane / 16;
        const uint32_t line = shared + Config::kOffsetA + a.stage * kPrenormStageBytesA + row * 128;
        words[kPair] = ptx::ldmatrix(line + ((2 * kPair + step) ^ row % 8) * 16);
        if constexpr (kPair + 1 == kPairs) {
            __syncwarp();
            if (lane == 0) ptx::mbarrier_arrive(barriers_a().empty(a.stage));
            a.advance();
        }
    }

    // loads: there is a K block after the one that this group is of.
    template <int kGroup>
    __device__ __forceinline__ void split_group(bool loads) {
        static_for<kSteps>([&](auto i) {
            constexpr int kStep = kGroup * kSteps + i, kPair = kStep / 2;
            constexpr int kFirst = (kGroup % kSets * kSteps + i) * kPrenormFragmentsOfStep;
            const uint4& pair = words[kPair];
            split_pair<kFirst>(kStep % 2 ? pair.z : pair.x, squares[0]);
            split_pair<kFirst + 1>(kStep % 2 ? pair.w : pair.y, squares[1]);
            if (kStep % 2 == 1 && loads) load_words<kPair>();
        });
    }

    template <int kGroup>
    __device__ __forceinline__ void issue(uint64_t columns, bool has_previous) {
        ptx::wgmma_fence();
        static_for<kSteps>([&](auto i) {
            constexpr int kStep = kGroup * kSteps + i;
            constexpr int kToColumns = kStep / 4 * Config::kHalfBytesB + kStep % 4 * 32;
            ptx::WgmmaTf32<Config::kColumns>::template mma<0, (kGroup % kSets * kSteps + i) * kPrenormFragmentsOfStep>(
                columns + kToColumns / 16, kStep > 0 || has_previous);
        });
        ptx::wgmma_commit();
    }

    __device__ __forceinline__ void store(const PrenormItem& item) const {
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
