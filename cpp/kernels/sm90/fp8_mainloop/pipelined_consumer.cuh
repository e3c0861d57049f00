// The pipelined consumer warpgroup: kInFlight mmas are in flight while earlier ones are promoted. An mma is the wgmma
// group of one 64-row pass over one stage. Only the promotions form a chain, so latency falls and no bit changes.
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
    // After kUnroll mmas the slot of the partial sums and the pass are the first ones again.
    static constexpr int kUnroll = std::lcm(kInFlight, kPasses);

    int32_t k_done = 0, k_left = 0;  // K blocks of the tile: promoted, and still to promote
    PipelineState<Config::kStages> retire_at;
    uint32_t is_full = 0;  // 1 if the stage at issue_at is known to be full

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

    __device__ __forceinline__ void skip(int32_t k_blocks) {
        Base::skip(k_blocks);
        retire_at = this->issue_at;
        is_full = 0;
    }

   private:
    // The passes over one stage, one mma in flight at a time, for a K that does not fill the pipeline.
    __device__ __forceinline__ void multiply_unpipelined() {
        static_for<kPasses>([&](auto pass) {
            issue<pass, 0>();
            retire<pass, 0, 0>();
        });
    }

    // Issues mma kMma + kInFlight - 1, then retires mma kMma. Straight-line code, here and in drain: ptxas serialises
    // the instructions if a branch is between an issue and its retirement (C7514).
    template <int kMma>
    __device__ __forceinline__ void step() {
        issue<kMma + kInFlight - 1>();
        retire<kMma, kMma % kInFlight, kInFlight - 1>();
    }

    // The steps of the last, incomplete round, then the mmas still in flight.
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
            is_full = 0;  // the next stage is not tested yet
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
        // __syncwarp keeps ptxas from moving the loads of the scales between the wgmma instructions, which then wait
        // for them (H100 80GB HBM3, 2026-11-24: 128x192 tiles, 8192 x 8192 x 8192: 983 us with the moves, 814 us
        // without).
        __syncwarp();
        if constexpr (!Config::kScalesOfColumns && kPass == 0) {
            this->scales_of_b.advance(this->params, k_done, k_left, this->lane);
        }
        Multiplier scales[kSlices];  // the wait below hides the latency of their loads
        uint32_t words = 0;
        static_for<kSlices>([&](auto slice) {
            Scales loaded;
            this->load_scales_a(loaded, retire_at.stage, kPass, slice);
            this->load_scales_b(loaded, retire_at.stage, slice, k_done + slice);
            words |= loaded.words_of_a() | loaded.words_of_b();
            // Only the last stage of a tile, retired with nothing else in flight, can reach past K.
            if (kPending == 0 && slice > 0 && slice >= k_left) loaded.neutralise();
            scales[slice] = this->multiply_scales(loaded);
        });
        ptx::wgmma_wait<kPending>();
        if constexpr (kPass == kPasses - 1) {
            this->release(retire_at.stage, words);  // its sums and scales are in registers
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
