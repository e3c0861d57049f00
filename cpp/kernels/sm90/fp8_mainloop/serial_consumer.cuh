// The serial consumer warpgroup: it multiplies and promotes one pass at a time, for tiles whose sums leave no registers
// for more partial sums. The other warpgroups multiply while this one promotes.
//
// The time of a pass bounds the loop. For 64 x 192 columns on an H100 80GB HBM3 (2026-11-24, by clock readings in this
// loop and in loops of these instructions alone): 384 cycles of wgmma, 95 until the sums are in registers, and the 96
// multiply-adds of a thread, 143 cycles by themselves but 300 while another warpgroup multiplies, since both use the
// register file. Two warpgroups keep the tensor cores busy if all that takes no longer than two passes, 768 cycles:
// there is no time to spare. So the warpgroup does all it can while a pass is multiplied: products of scales, the next
// stage's barrier, its descriptors and its scales. Three warpgroups (tiles of 192 rows) have time, but 160 registers a
// thread.
#pragma once

#include "sm90/fp8_mainloop/warpgroup.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct SerialConsumer : Fp8Warpgroup<Config> {
    using Base = Fp8Warpgroup<Config>;
    using Base::kPasses, Base::kSlices;
    using typename Base::Scales;
    using Factors = std::conditional_t<Config::kScalesOfColumns, typename Base::Products, typename Base::Factors>;

    // Computes the sums of one tile over k_blocks K blocks.
    __device__ __forceinline__ void multiply(int32_t k_blocks) {
        this->clear_sums();
        for (int32_t left = k_blocks; left > 0;) {
            int32_t count = left;
            if constexpr (!Config::kScalesOfColumns) {
                this->scales_of_b.advance(this->params, 0, left, this->lane);
                count = min(left, BlockScalesB<Config>::kLanes);
            }
            uint32_t is_loaded = 0;
            Scales scales[kPasses][kSlices];
            // Unrolling saves up to 11% of the instructions, and ptxas can move the others further: tiles of 128x192,
            // 128x160 and 256x128 took 2.5%, 4.8% and 1.6% fewer cycles than with a plain loop (H100 80GB HBM3,
            // 2026-11-24, 8192^3).
#pragma unroll 8
            for (int32_t k = 0; k < count; k += kSlices) {
                if (is_loaded == 0) {
                    ptx::mbarrier_wait(this->full_barrier(this->issue_at.stage), this->issue_at.parity);
                    load(scales, k, 1);
                }
                is_loaded = multiply_stage(scales, k, count - k);
            }
            left -= count;
        }
    }

   private:
    // Whether a thread has too few registers, 160, to load the scales of its columns before the promotion.
    static constexpr bool kReadsScalesLate = Config::kScalesOfColumns && Config::kConsumers == 3;

    // Multiplies and promotes the stage of K block k of the chunk. Loads the scales of the next stage if that is full,
    // and returns whether it is. k_left: K blocks of the chunk from k on.
    __device__ __forceinline__ uint32_t multiply_stage(Scales (&scales)[kPasses][kSlices], int32_t k, int32_t k_left) {
        uint32_t is_full = 0;
        Factors factors[kPasses][kSlices];
        static_for<kPasses>([&](auto pass) {
            this->template issue<pass, 0>();
            if constexpr (Config::kScalesOfColumns && !kReadsScalesLate) {  // too many to load a stage ahead
                __syncwarp();  // keeps ptxas from moving these loads before the wgmma instructions
                static_for<kSlices>([&](auto slice) {
                    this->load_scales_b(scales[pass][slice], this->issue_at.stage, slice, k + slice);
                });
            }
            if constexpr (pass == 0 && !kReadsScalesLate) multiply_scales(factors, scales, k_left);
            if constexpr (pass == kPasses - 1) {
                const uint32_t stage = this->issue_at.stage;
                const Scales now = scales[pass][0];
                this->issue_at.advance();
                is_full = ptx::mbarrier_test_wait(this->full_barrier(this->issue_at.stage), this->issue_at.parity);
                this->prepare();
                load(scales, k + kSlices, is_full);
                ptx::wgmma_wait<0>();
                uint32_t words = 0;  // other scales of this stage were multiplied before the wait
                if constexpr (kReadsScalesLate) {
                    static_assert(kPasses == 1 && kSlices == 1);
                    words = this->template promote_reading<0>(this->sums[0], now.a, stage);
                }
                this->release(stage, words);
            } else {
                ptx::wgmma_wait<0>();
            }
            if constexpr (!kReadsScalesLate) {
                static_for<kSlices>([&](auto slice) {
                    this->template promote<Base::template kPartial<0, slice>>(this->sums[pass], factors[pass][slice]);
                });
            }
        });
        return is_full;
    }

    // Loads the scales of the stage at issue_at, those of A only if `wanted` is not 0.
    __device__ __forceinline__ void load(Scales (&scales)[kPasses][kSlices], int32_t k, uint32_t wanted) const {
        const uint32_t stage = this->issue_at.stage;
        static_for<kSlices>([&](auto slice) {
            static_for<kPasses>([&](auto pass) {
                this->load_scales_a(scales[pass][slice], stage, pass, slice, wanted);
            });
            if constexpr (!Config::kScalesOfColumns) {
                this->load_scales_b(scales[0][slice], stage, slice, k + slice);
                static_for<kPasses, 1>([&](auto pass) {
                    static_for<Config::kScalesB>([&](auto i) { scales[pass][slice].b[i] = scales[0][slice].b[i]; });
                });
            }
        });
    }

    // Only the last stage of a tile can reach past K.
    __device__ __forceinline__ void multiply_scales(Factors (&factors)[kPasses][kSlices],
                                                    Scales (&scales)[kPasses][kSlices], int32_t k_left) const {
        static_for<kPasses>([&](auto pass) {
            static_for<kSlices>([&](auto slice) {
                if (slice > 0 && slice >= k_left) scales[pass][slice].neutralise();
                if constexpr (Config::kScalesOfColumns) {
                    factors[pass][slice] = this->make_products(scales[pass][slice]);
                } else {
                    factors[pass][slice] = this->make_factors(scales[pass][slice]);
                }
            });
        });
    }
};

}  // namespace aotgemm::sm90
