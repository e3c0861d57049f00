// A consumer warpgroup, 32 rows of a tile: elements of A from shared memory to registers, squares, one chain of wgmma, D
// and sqr_sum.
//
// Sets of fragments take turns: while the wgmma of earlier groups run, the elements of the next group become fragments,
// and those of the one after it are on their way from shared memory. (ptxas runs wgmma one by one if anything becomes a
// fragment between those of a group.) A warp has eight rows and zeros for the other eight that wgmma wants; one without
// rows of the tile has zeros alone, and loads nothing.
#pragma once

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "ptx/wgmma.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/tf32_hc_prenorm_gemm/fragments.cuh"
#include "sm90/tf32_hc_prenorm_gemm/stages.cuh"
#include "sm90/tf32_hc_prenorm_gemm/tiles.cuh"
#include "wgmma_tf32.cuh"

namespace aotgemm::sm90 {

__device__ __forceinline__ uint16_t load_bf16(uint32_t shared) {
    uint16_t bits;
    asm volatile("ld.shared.u16 %0, [%1];" : "=h"(bits) : "r"(shared) : "memory");
    return bits;
}

template <class Config>
struct HcPrenormConsumer {
    static constexpr int kSteps = Config::kGroupSteps, kGroups = Config::kGroups, kSets = Config::kSets;
    struct Elements {
        uint16_t of[kSteps][2];  // of a step: elements t and t + 4 of the thread's row (t: lane % 4)
    };

    const HcPrenormTileParams& params;
    uint32_t shared;
    int warp, lane;
    bool has_rows;
    PipelineState<Config::kStages> loading{}, reading{};  // the stage that is loaded from; the oldest not released
    int32_t held = 0;                                     // stages from `reading` on that are not released
    Elements elements[2]{};
    float squares[2]{};  // of elements t and t + 4 of every eight, in the order of K

    __device__ __forceinline__ StageBarriers barriers() const { return {shared + Config::kOffsetBarriers}; }

    __device__ __forceinline__ void run() {
        clear_fragments<Config::kFragments>();
        for_each_tile(params.call, [&](const HcPrenormTile& tile) {
            multiply(tile.blocks);
            store(tile);
        });
    }

   private:
    __device__ __forceinline__ void multiply(int32_t blocks) {
        squares[0] = squares[1] = 0;
        if (blocks == 0) return;
        next_stage();
        load<0>();
        for (int32_t left = blocks; left > 0; left -= kPrenormStageBlocks) multiply_stage(left, left < blocks);
        ptx::wgmma_wait<0>();
        while (held > 0) release();
    }

    __device__ __forceinline__ void multiply_stage(int32_t left, bool has_previous) {
        const uint32_t stage = loading.stage;
        static_for<kGroups>([&](auto group) {
            constexpr int kBlock = group * kPrenormStageBlocks / kGroups;
            if (kBlock >= left) return;
            constexpr int kNext = group + 1;
            if constexpr (kNext == kGroups) {
                if (left > kPrenormStageBlocks) {
                    loading.advance();
                    next_stage();
                    load<0>();
                }
            } else if (kNext * kPrenormStageBlocks / kGroups < left) {
                load<kNext>();
            }
            ptx::wgmma_wait<kSets - 1>();  // fragments of the set are free
            if (group == kSets - 1 && has_previous) release();
            set_group<group>();
            issue<group>(stage, has_previous);
        });
        if (left <= kPrenormStageBlocks) loading.advance();
    }

    __device__ __forceinline__ void next_stage() {
        ptx::mbarrier_wait(barriers().full(loading.stage), loading.parity);
        ++held;
    }

    // wgmma that read the stage's B are over, and so are those whose fragments came from its A.
    __device__ __forceinline__ void release() {
        __syncwarp();
        if (lane == 0) ptx::mbarrier_arrive(barriers().empty(reading.stage));
        reading.advance();
        --held;
    }

    template <int kGroup>
    __device__ __forceinline__ void load() {
        if (!has_rows) return;
        constexpr int kStepsOfBlock = kPrenormBlockK / 8, kFirst = kGroup * kSteps;
        const uint32_t row = warp * kPrenormRowsOfWarp + lane / 4;
        const uint32_t first = shared + loading.stage * Config::kStageBytes +
                               kFirst / kStepsOfBlock * Config::kBlockBytesA + row * 128 + row % 8 * 16 + lane % 4 * 2;
        Elements& to = elements[kGroup % 2];
        static_for<kSteps>([&](auto i) {
            const uint32_t step = first ^ ((kFirst + i) % kStepsOfBlock * 16);
            to.of[i][0] = load_bf16(step);
            to.of[i][1] = load_bf16(step + 8);
        });
    }

    template <int kGroup>
    __device__ __forceinline__ void set_group() {
        if (!has_rows) return;
        const Elements& from = elements[kGroup % 2];
        static_for<kSteps>([&](auto i) {
            constexpr int kFirst = kGroup % kSets * Config::kFragmentsOfSet + i * kPrenormFragmentsOfStep;
            static_for<2>([&](auto j) {
                const uint32_t bits = static_cast<uint32_t>(from.of[i][j]) << 16;
                set_fragment<kFirst + j * 2>(bits);
                const float value = __uint_as_float(bits);
                squares[j] = __fmaf_rn(value, value, squares[j]);
            });
        });
    }

    template <int kGroup>
    __device__ __forceinline__ void issue(uint32_t stage, bool has_previous) {
        const uint64_t columns = ptx::swizzled_descriptor(shared + stage * Config::kStageBytes + Config::kBytesA);
        ptx::wgmma_fence();
        static_for<kSteps>([&](auto i) {
            constexpr int kStep = kGroup * kSteps + i, kStepsOfChunk = kPrenormChunkColumns / 8;
            constexpr int kToColumns = kStep / kStepsOfChunk * Config::kChunkBytesB + kStep % kStepsOfChunk * 32;
            constexpr int kSet = kGroup % kSets * Config::kFragmentsOfSet;
            ptx::WgmmaTf32<Config::kColumns>::template mma<0, kSet + i * kPrenormFragmentsOfStep>(
                columns + kToColumns / 16, kStep > 0 || has_previous);
        });
        ptx::wgmma_commit();
    }

    // Chains t and t + 4 of a row are in lane t of four: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
    __device__ __forceinline__ float row_sum() const {
        float sums[2];
#pragma unroll
        for (int i = 0; i < 2; ++i) {
            const float pair = __fadd_rn(squares[i], __shfl_xor_sync(0xFFFFFFFFu, squares[i], 1));
            sums[i] = __fadd_rn(pair, __shfl_xor_sync(0xFFFFFFFFu, pair, 2));
        }
        return __fadd_rn(sums[0], sums[1]);
    }

    __device__ __forceinline__ void store(const HcPrenormTile& tile) const {
        if (!has_rows) return;
        const HcPrenormParams& call = params.call;
        const int32_t row = tile.row + warp * kPrenormRowsOfWarp + lane / 4;
        const float sum = row_sum();
        if (row >= call.m) return;
        if (lane % 4 == 0) call.sqr_sum[int64_t{tile.split} * call.m + row] = sum;
        float* d = call.d + tile.split * call.d_split_stride + row * call.d_row_stride + lane % 4 * 2;
        static_for<Config::kColumns / 8>([&](auto group) {
            d[group * 8] = tile.blocks > 0 ? ptx::partial<group * 4>() : 0.0f;
            d[group * 8 + 1] = tile.blocks > 0 ? ptx::partial<group * 4 + 1>() : 0.0f;
        });
    }
};

}  // namespace aotgemm::sm90
