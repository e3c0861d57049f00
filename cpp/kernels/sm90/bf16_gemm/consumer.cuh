// The consumer warpgroup of bf16_gemm: one chain of wgmma over the whole range of a tile's sum.
//
// The canonical order (aotgemm_bf16_gemm in cpp/include/aotgemm/aotgemm.h) is one chain of steps of 16 over K, started
// at zero. The consumer issues stage after stage, and one stage is in flight while it waits for the next.
//
// K need not fill a group's last stage: the TMA fills it up with zeros, and a step of zero products returns its
// accumulator c unchanged. A zero product has no part in the alignment, so the largest exponent is c's own: aligning c
// to 25 fraction bits drops none of its 23, and the sum normalises back to c. A c of zero stays +0 (a step never makes
// -0), an infinity stays one, and NaN stays 0x7FFFFFFF. Tests run every K up to a stage past the end of another.
#pragma once

#include "common/static_for.cuh"
#include "ptx/wgmma.cuh"
#include "sm90/bf16_gemm/config.cuh"
#include "sm90/pipeline/pipeline.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/pipeline/warpgroup_share.cuh"
#include "wgmma_bf16.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct Bf16Consumer {
    using RowOperand = std::conditional_t<Config::kSwapAB, typename Config::B, typename Config::A>;
    using ColumnOperand = std::conditional_t<Config::kSwapAB, typename Config::A, typename Config::B>;

    uint32_t shared;
    int group;       // number of this consumer warpgroup
    int warp, lane;  // in the warpgroup, in the warp
    PipelineState<Config::kStages> issue_at, retire_at;

    // Computes the sums of one tile over that many stages into the kernel's own PTX registers: pass p, accumulator i in
    // partial<p * kSums + i>.
    __device__ __forceinline__ void multiply(int32_t stages) {
        if (stages == 0) {
            static_for<Config::kPasses * Config::kSums>([](auto i) { ptx::clear_partial<i>(); });
            return;
        }
        issue<true>();
#pragma unroll 1
        for (int32_t stage = 1; stage < stages; ++stage) {
            issue<false>();
            retire<1>();
        }
        retire<0>();
    }

    // Passes over the stages of a tile in which this warpgroup has no rows. It waits for each stage, so that it never
    // releases one twice.
    __device__ __forceinline__ void skip(int32_t stages) {
#pragma unroll 1
        for (; stages > 0; --stages) {
            ptx::mbarrier_wait(OperandPipeline<Config>{shared}.full(issue_at.stage), issue_at.parity);
            OperandPipeline<Config>{shared}.release(issue_at.stage, lane);
            issue_at.advance();
        }
        retire_at = issue_at;
    }

    // Sum i of the tile, numbered pass after pass.
    template <int kIndex>
    __device__ __forceinline__ static float sum() {
        return ptx::partial<kIndex>();
    }

    // First row and column of this warpgroup's work inside the tile, on the instruction's M and N side.
    __device__ __forceinline__ int first_row(int pass) const {
        return WarpgroupShare<Config>{group}.first_row(pass);
    }
    __device__ __forceinline__ int first_column() const { return WarpgroupShare<Config>{group}.first_column(); }

   private:
    // Instructions of few columns are over before the next one has its descriptors: the compiler moves each of them into
    // uniform registers, and overwrites those only once the wgmma before has read them. A shuffle tells it that they are
    // uniform to begin with. With that, tiles of 8, 16 and 32 x 64 took 8% less time on average; those of 64 x 64 and
    // 128 x 64, which have no need of it, 3% more (NVIDIA H200, 2026-11-29, 90 layers drawn at random).
    static constexpr bool kIsUniform = Config::kInstructionN <= 32;

    __device__ __forceinline__ static uint64_t uniform(uint64_t descriptor) {
        if constexpr (!kIsUniform) return descriptor;
        constexpr uint64_t kHighWord = (uint64_t{1} << 62) | (uint64_t{1024 >> 4} << 32);  // of all of them
        return kHighWord | __shfl_sync(0xFFFFFFFF, static_cast<uint32_t>(descriptor), 0);
    }

    __device__ __forceinline__ void wait_until_full() const {
        ptx::mbarrier_wait(OperandPipeline<Config>{shared}.full(issue_at.stage), issue_at.parity);
    }

    template <bool kFirst>
    __device__ __forceinline__ void issue() {
        if constexpr (!kIsUniform) wait_until_full();
        const uint32_t tile_a = shared + Config::kOffsetA + issue_at.stage * Config::kBytesA;
        const uint32_t tile_b = shared + Config::kOffsetB + issue_at.stage * Config::kBytesB;
        // Descriptors count 16 bytes.
        const uint64_t rows = uniform(RowOperand::descriptor(Config::kSwapAB ? tile_b : tile_a) +
                                      group_offset<RowOperand>(Config::kSplitColumns ? 0 : Config::kPasses * 64) / 16);
        const uint64_t columns =
            uniform(ColumnOperand::descriptor(Config::kSwapAB ? tile_a : tile_b) +
                    group_offset<ColumnOperand>(Config::kSplitColumns ? Config::kInstructionN : 0) / 16);
        if constexpr (kIsUniform) wait_until_full();  // the shuffles take as long as its first try
        ptx::wgmma_fence();
        static_for<Config::kBlockK / 16>([&](auto step) {
            static_for<Config::kPasses>([&](auto pass) {
                constexpr int kToRows = RowOperand::offset(pass * 64, step) / 16;
                constexpr int kToColumns = ColumnOperand::offset(0, step) / 16;
                ptx::WgmmaBf16<Config::kInstructionN>::template mma<pass * Config::kSums, !kFirst || step != 0,
                                                                    RowOperand::kMnMajor, ColumnOperand::kMnMajor>(
                    rows + kToRows, columns + kToColumns);
            });
        });
        ptx::wgmma_commit();
        issue_at.advance();
    }

    // Bytes to this warpgroup's share of the operand, where each warpgroup has `rows` rows.
    template <class Operand>
    __device__ __forceinline__ uint32_t group_offset(int rows) const {
        return static_cast<uint32_t>(group) * Operand::offset(rows, 0);
    }

    // Releases the oldest stage once at most kPending later ones are in flight.
    template <int kPending>
    __device__ __forceinline__ void retire() {
        ptx::wgmma_wait<kPending>();
        OperandPipeline<Config>{shared}.release(retire_at.stage, lane);
        retire_at.advance();
    }
};

}  // namespace aotgemm::sm90
