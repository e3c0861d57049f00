// The consumer warpgroup of fp8_fp4_gemm_1d1d: weights from shared memory to registers, FP4 to E4M3 on the way, one chain
// of four wgmma for each K block, and the promotion of its partial sums.
//
// The two K blocks of a stage are two slots, each with words, fragments and partial sums of its own. While the wgmma of one
// slot run, the other slot's words become fragments, and its partial sums of before are promoted. The order of the sums
// is that of all FP8 families (Fp8Warpgroup): K blocks ascending, each added with one rounding.
#pragma once

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "ptx/wgmma.cuh"
#include "sm90/fp8_fp4_gemm_1d1d/config.cuh"
#include "sm90/fp8_fp4_gemm_1d1d/decode.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "wgmma_fp8_fragments.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct Fp8Fp4Consumer {
    static constexpr int kSums = Config::kSums, kSteps = kFp4BlockK / kFp4StepK;
    static constexpr int kFragments = kSteps * 4;  // of a slot
    static constexpr bool kStartsAnywhere = Config::kGrouping == Grouping::psum;  // a tile, at any row of A

    uint32_t shared;
    int group;       // number of this consumer warpgroup
    int warp, lane;  // in the warpgroup, in the warp
    uint32_t scales_before = 0;  // bytes of scales of A before those of the tile's first row: psum alone has any
    PipelineState<Config::kStages> at;  // the stage to multiply next
    uint32_t retire_stage = 0;          // the stage whose partial sums are promoted next
    // Of each slot, for rows lane / 4 and lane / 4 + 8 of the warp's 16: four words of codes, and the word of scales.
    uint4 words[Config::kSlices][2];
    uint32_t scales_of_b[Config::kSlices][2];
    uint32_t scale_bits[Config::kSlices][2];  // of the FP32 scales of partial sums in flight
    float sums[kSums];

    // Computes the sums of one tile over k_blocks K blocks.
    __device__ __forceinline__ void multiply(int32_t k_blocks) {
#pragma unroll
        for (float& sum : sums) sum = 0.0f;
        if (k_blocks == 0) return;
        load<0>();
        start<0>();
        load<1>();
        for (; k_blocks > 2; k_blocks -= 2) {
            start<1>();
            at.advance();
            load<0>();
            retire<0, 1>();
            start<0>();
            load<1>();
            retire<1, 1>();
            finish_stage();
        }
        if (k_blocks == 2) {
            start<1>();
            retire<0, 1>();
            retire<1, 0>();
        } else {
            retire<0, 0>();
        }
        at.advance();
        finish_stage();
    }

    template <int kIndex>
    __device__ __forceinline__ float sum() const {
        return sums[kIndex];
    }

    // First row and column of this warpgroup's work inside the tile, on the instruction's M and N side.
    __device__ __forceinline__ int first_row(int) const { return group * 64; }
    __device__ __forceinline__ int first_column() const { return 0; }

   private:
    __device__ __forceinline__ void finish_stage() {
        ptx::mbarrier_arrive(OperandPipeline<Config>{shared}.empty(retire_stage));
        retire_stage = at.stage;
    }

    // Loads the words of a slot of the stage at `at`, long before they are needed.
    template <int kSlot>
    __device__ __forceinline__ void load() {
        if constexpr (kSlot == 0) ptx::mbarrier_wait(OperandPipeline<Config>{shared}.full(at.stage), at.parity);
        const int row = first_row(0) + warp * 16 + lane / 4;
        const uint32_t scales =
            shared + Config::kOffsetScalesB + at.stage * Config::kBytesScalesB + (kSlot * Config::kBlockN + row) * 4;
        const uint32_t codes = shared + Config::kOffsetB + at.stage * Config::kBytesB + kSlot * Config::kSliceB +
                               row * kFp4BoxWords * 4 + lane % 4 * 16;
        static_for<2>([&](auto half) {
            scales_of_b[kSlot][half] = static_cast<uint32_t>(ptx::load_word(scales + half * 8 * 4));
            words[kSlot][half] = ptx::load_16_bytes(codes + half * 8 * kFp4BoxWords * 4);
        });
    }

    // Makes the fragments of a slot and issues its wgmma. Those that read them before are over.
    template <int kSlot>
    __device__ __forceinline__ void start() {
        static_for<2>([&](auto half) {
            const uint32_t scales = scales_of_b[kSlot][half];
            decode_row<kSlot * kFragments + half>(shared + Config::kOffsetTable, scales, words[kSlot][half]);
            scale_bits[kSlot][half] = fp4_block_scale_bits(scales);
        });
        const uint64_t columns = ptx::swizzled_descriptor(shared + Config::kOffsetA + at.stage * Config::kBytesA +
                                                          kSlot * Config::kSliceA);
        ptx::wgmma_fence();
        static_for<kSteps>([&](auto step) {
            ptx::WgmmaFp8Fragments<Config::kInstructionN>::template mma<kSlot * kSums, kSlot * kFragments + step * 4,
                                                                        step != 0>(columns + step * kFp4StepK / 16);
        });
        ptx::wgmma_commit();
    }

    // Promotes the partial sums of a slot once at most kPending later ones are in flight.
    template <int kSlot, int kPending>
    __device__ __forceinline__ void retire() {
        float scales_of_a[kSums / 2];
        load_scales_a<kSlot>(scales_of_a);
        const float upper = __uint_as_float(scale_bits[kSlot][0]);
        const float lower = __uint_as_float(scale_bits[kSlot][1]);
        ptx::wgmma_wait<kPending>();
        static_for<kSums / 4>([&](auto j) {
            const float even = scales_of_a[2 * j], odd = scales_of_a[2 * j + 1];
            ptx::fma_partial<kSlot * kSums + 4 * j>(sums[4 * j], __fmul_rn(even, upper));
            ptx::fma_partial<kSlot * kSums + 4 * j + 1>(sums[4 * j + 1], __fmul_rn(odd, upper));
            ptx::fma_partial<kSlot * kSums + 4 * j + 2>(sums[4 * j + 2], __fmul_rn(even, lower));
            ptx::fma_partial<kSlot * kSums + 4 * j + 3>(sums[4 * j + 3], __fmul_rn(odd, lower));
        });
    }

    // A thread has two adjacent columns, tokens, of each eight.
    template <int kSlot>
    __device__ __forceinline__ void load_scales_a(float (&scales)[kSums / 2]) const {
        const uint32_t first = shared + Config::kOffsetScalesA + retire_stage * Config::kPitchScalesA +
                               kSlot * Config::kScaleRowsA * 4 + scales_before + lane % 4 * 8;
        static_for<kSums / 4>([&](auto j) {
            if constexpr (kStartsAnywhere) {  // pairs would be 8 bytes aligned only by chance
                ptx::load_word_if(1, scales[2 * j], first + j * 32);
                ptx::load_word_if(1, scales[2 * j + 1], first + j * 32 + 4);
            } else {
                ptx::load_words(scales[2 * j], scales[2 * j + 1], first + j * 32);
            }
        });
    }
};

}  // namespace aotgemm::sm90
