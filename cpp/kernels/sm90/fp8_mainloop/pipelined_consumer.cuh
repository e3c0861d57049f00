// A consumer warpgroup that multiplies ahead: the partial sums of kInFlight mmas, each a 64-row pass over a stage, are
// computed while earlier ones are promoted. Only the promotions form a chain, so latency falls and no bit changes.
#pragma once

#include <numeric>

#include "sm90/fp8_mainloop/warpgroup.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct PipelinedConsumer : Fp8Warpgroup<Config> {
    using Base = Fp8Warpgroup<Config>;
    using Base::kPasses, Base::kSlices;
    using typename Base::Multiplier, typename Base::Scales;
    static constexpr int kInFlight = Config::kInFlight;
    // kUnroll mmas bring partial sums and pass back to where they were.
    static constexpr int kUnroll = std::lcm(kInFlight, kPasses);

    int32_t k_done = 0, k_left = 0;  // K blocks of the tile, promoted and not yet
    PipelineState<Config::kStages> retire_at;
    uint32_t is_full = 0;  // the stage at issue_at, as far as known

    // Computes the sums of one tile over k_blocks K blocks.
    __device__ __forceinline__ void multiply(int32_t k_blocks) {
        this->clear_sums();
        const int32_t mmas = (k_blocks + kSlices - 1) / kSlices * kPasses;
        k_done = 0;
        k_left = k_blocks;
        if (mmas < kInFlight) {
            for (int32_t mma = 0; mma < mmas; mma += kPasses) multiply_unpipelined();
            return;
        }
        static_for<kInFlight - 1>([&](auto mma) { issue<mma>(); });
        int32_t steps = mmas - (kInFlight - 1);
        for (; steps >= kUnroll; steps -= kUnroll) static_for<kUnroll>([&](auto mma) { step<mma>(); });
        drain<0>(steps);
    }

   private:
    // The passes over one stage with nothing else under way, for a K that does not fill the pipeline.
    __device__ __forceinline__ void multiply_unpipelined() {
        static_for<kPasses>([&](auto pass) {
            issue<pass, 0>();
            retire<pass, 0, 0>();
        });
    }

    // Retires mma kMma with mma kMma + kInFlight - 1 newly under way. Straight-line code, here and in finish:
    // ptxas runs the instructions one by one if a branch comes between an issue and its retirement (C7514).
    template <int kMma>
    __device__ __forceinline__ void step() {
        issue<kMma + kInFlight - 1>();
        retire<kMma, kMma % kInFlight, kInFlight - 1>();
    }

    // The steps that do not fill a round, then the mmas still under way.
    template <int kDone>
    __device__ __forceinline__ void drain(int32_t steps) {
        if (kDone == kUnroll - 1 || steps == kDone) {
            static_for<kInFlight - 1>([&](auto i) {
                retire<kDone + i, (kDone + i) % kInFlight, kInFlight - 2 - i>();
            });
        } else if constexpr (kDone < kUnroll - 1) {
            step<kDone>();
            drain<kDone + 1>(steps);
        }
    }

    template <int kMma, int kSlot = kMma % kInFlight>
    __device__ __forceinline__ void issue() {
        constexpr int kPass = kMma % kPasses;
        if constexpr (kPass == 0) {
            ptx::mbarrier_wait_unless(is_full, this->full_barrier(this->issue_at.stage), this->issue_at.parity);
            is_full = 0;  // nothing is known of the next
        }
        Base::template issue<kPass, kSlot>();
        if constexpr (kPass == kPasses - 1) {
            this->issue_at.advance();
            this->prepare();
        }
    }

    template <int kMma, int kSlot, int kPending>
    __device__ __forceinline__ void retire() {
        constexpr int kPass = kMma % kPasses;
        // Keeps ptxas from moving the loads of the scales between the matrix instructions, which then wait for them
        // (H100 80GB HBM3, 2026-11-24: 128x192 tiles, 8192 x 8192 x 8192: 983 us so, 814 us not).
        __syncwarp();
        if constexpr (!Config::kScalesOfColumns && kPass == 0) {
            this->scales_of_b.advance(this->params, k_done, k_left, this->lane);
        }
        Multiplier scales[kSlices];  // their latency hides behind the wait
        static_for<kSlices>([&](auto slice) {
            Scales loaded;
            this->load_scales_a(loaded, retire_at.stage, kPass, slice);
            this->load_scales_b(loaded, retire_at.stage, slice, k_done + slice);
            // Only the last stage of a tile, retired with nothing else under way, can reach past K.
            if (kPending == 0 && slice > 0 && slice >= k_left) loaded.neutralise();
            scales[slice] = this->multiply_scales(loaded);
        });
        ptx::wgmma_wait<kPending>();
        if constexpr (kPass == kPasses - 1) {
            this->release(retire_at.stage);  // read: sums and scales are in registers
            is_full = ptx::mbarrier_test_wait(this->full_barrier(this->issue_at.stage), this->issue_at.parity);
        }
        static_for<kSlices>([&](auto slice) {
            this->template promote<Base::template kPartial<kSlot, slice>>(this->sums[kPass], scales[slice]);
        });
        if constexpr (kPass == kPasses - 1) {
            k_done += kSlices;
            k_left -= kSlices;
            retire_at.advance();
        }
    }
};

}  // namespace aotgemm::sm90
