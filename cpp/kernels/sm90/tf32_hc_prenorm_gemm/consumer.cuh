// The consumer warpgroup: words of A become fragments, one chain of wgmma for each item, D.
//
// The chain is what takes the time, since each wgmma waits for the sums of the one before: on an H200 (2026-11-28) 13.5
// clocks in groups of eight, 15.5 of four, 33 alone. So the wgmma of a K block are one group, and two sets of fragments take
// turns: while the wgmma of a block run, the words of the next become fragments, and those of the one after it are loaded.
// A warp without rows of the tile keeps zeros in its fragments, but issues the same wgmma.
#pragma once

#include "common/static_for.cuh"
#include "ptx/wgmma.cuh"
#include "sm90/tf32_hc_prenorm_gemm/a_words.cuh"
#include "sm90/tf32_hc_prenorm_gemm/fragments.cuh"
#include "sm90/tf32_hc_prenorm_gemm/work.cuh"
#include "wgmma_tf32.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct HcPrenormConsumer {
    const HcPrenormParams& params;
    AWords<Config> words;  // of the next K block that becomes fragments
    bool has_rows;
    PipelineState<Config::kStagesB> b{}, read_b{};  // the next K block to multiply, the next whose wgmma are to be over
    uint64_t columns = 0;                           // of the next K block
    uint32_t b_is_full = 0, a_is_full = 0;          // early answers: 1 where the next stage is known to be full

    __device__ __forceinline__ void run() {
        clear_fragments<Config::kFragments>();
        for (auto index = static_cast<int32_t>(blockIdx.x); index < item_count(params);
             index += static_cast<int32_t>(gridDim.x)) {
            const PrenormItem item(params, index);
            if (item.blocks > 0) multiply(item.blocks);
            if (has_rows) store(item);
        }
    }

private:
    __device__ __forceinline__ StageBarriers barriers_b() const { return {words.shared + Config::kOffsetBarriersB}; }

    __device__ __forceinline__ void multiply(int32_t left) {
        load_words();
        split_words<0>();
        if (left > 1) load_words();
        look_ahead();
        bool has_previous = false;
        while (true) {
            multiply_block<0>(has_previous, --left);
            if (left == 0) break;
            multiply_block<1>(true, --left);
            if (left == 0) break;
            has_previous = true;
        }
        ptx::wgmma_wait<0>();
        release_b();
    }

    // left: K blocks after this one.
    template <int kSet>
    __device__ __forceinline__ void multiply_block(bool has_previous, int32_t left) {
        ptx::mbarrier_wait_unless(b_is_full, barriers_b().full(b.stage), b.parity);
        b.advance();
        issue<kSet>(has_previous);
        look_ahead();
        ptx::wgmma_wait<1>();  // the other set of fragments is free
        if (has_previous) release_b();
        if (left > 0) split_words<1 - kSet>();
        if (left > 1) load_words();
    }

    // What the next K block asks for, while the wgmma of this one run.
    __device__ __forceinline__ void look_ahead() {
        columns = ptx::swizzled_descriptor(words.shared + Config::kOffsetB + b.stage * Config::kStageBytesB);
        b_is_full = ptx::mbarrier_test_wait(barriers_b().full(b.stage), b.parity);
        a_is_full = ptx::mbarrier_test_wait(words.full(), words.parity());
    }

    __device__ __forceinline__ void release_b() {
        if (words.lane == 0) ptx::mbarrier_arrive(barriers_b().empty(read_b.stage));
        read_b.advance();
    }

    __device__ __forceinline__ void load_words() {
        if (!has_rows) return;
        ptx::mbarrier_wait_unless(a_is_full, words.full(), words.parity());
        words.load();
        a_is_full = 0;
    }

    template <int kSet>
    __device__ __forceinline__ void split_words() {
        if (!has_rows) return;
        static_for<Config::kSteps>([&](auto step) {
            constexpr int kFirst = (kSet * Config::kSteps + step) * kPrenormFragmentsOfStep;
            words.template of_step<step>([&](uint32_t word, auto row) { split_pair<kFirst + row>(word); });
        });
        words.release();
    }

    template <int kSet>
    __device__ __forceinline__ void issue(bool has_previous) const {
        ptx::wgmma_fence();
        static_for<Config::kSteps>([&](auto step) {
            constexpr int kToColumns = step / 4 * Config::kHalfBytesB + step % 4 * 32;
            ptx::WgmmaTf32<Config::kColumns>::template mma<0, (kSet * Config::kSteps + step) * kPrenormFragmentsOfStep>(
                columns + kToColumns / 16, step > 0 || has_previous);
        });
        ptx::wgmma_commit();
    }

    __device__ __forceinline__ void store(const PrenormItem& item) const {
        const int32_t first = item.row + words.warp * kPrenormWarpRows + words.lane / 4;
        static_for<2>([&](auto half) {
            const int32_t row = first + half * 8;
            if (row >= params.m) return;
            float* d = params.d + item.split * params.d_split_stride + row * params.d_row_stride + words.lane % 4 * 2;
            static_for<Config::kColumns / 8>([&](auto group) {
                d[group * 8] = item.blocks > 0 ? ptx::partial<group * 4 + half * 2>() : 0.0f;
                d[group * 8 + 1] = item.blocks > 0 ? ptx::partial<group * 4 + half * 2 + 1>() : 0.0f;
            });
        });
    }
};

}  // namespace aotgemm::sm90
