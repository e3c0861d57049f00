// A consumer warpgroup of fp8_1d2d: matrix instructions, and the promotion of their partial sums to FP32.
//
// The canonical order (numerics: family fp8_1d2d) is one chain of four 32-deep steps per K block, started at zero,
// then sum = fma(partial, sfa * sfb, sum), K blocks ascending. Only the promotions form a chain, so the partial sums of
// kInFlight stages, each of kSlices K blocks, are computed ahead of it: latency falls, no bit changes.
#pragma once

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/wgmma.cuh"
#include "sm90/fp8_1d2d_config.cuh"
#include "sm90/fp8_1d2d_scales.cuh"
#include "sm90/stage_cursor.cuh"
#include "wgmma_fp8.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct Fp8Consumer {
    static constexpr int kN = Config::kInstructionN;
    static constexpr int kFloats = kN / 2;  // accumulators a thread holds for 64 x kN
    static constexpr int kPasses = Config::kPasses, kInFlight = Config::kInFlight;
    static constexpr int kSlices = Config::kSlices;
    // A unit is one 64-row pass over one stage. kUnroll units bring partial sums and pass back to where they were.
    static constexpr int kUnroll = std::lcm(kInFlight, kPasses);
    static constexpr int kTurn = 3;  // and 4: barriers on which the two groups wait for their turn to issue
    static constexpr int kScalesA = Config::kSwapAB ? kN / 4 : 2;  // A scales a thread needs per slice

    uint32_t shared;
    uint32_t rank;      // in the cluster
    int group;          // which consumer warpgroup
    int warp, lane;     // in the warpgroup, in the warp
    int32_t split = 0;  // columns of the tile before the first 128-column boundary
    int32_t k_done = 0, k_left = 0;  // K blocks of the tile, promoted and not yet
    StageCursor<Config::kStages> issue_at, retire_at;
    uint64_t next_rows = 0, next_columns = 0;  // descriptors of the stage at issue_at
    uint32_t is_full = 0;                      // that stage, as far as known
    ScaleChunk<Config> chunk{shared};           // of B scales, unless each column has its own
    float sums[kPasses][kFloats];

    // Before the first tile.
    __device__ __forceinline__ void start() {
        prepare();
        if constexpr (Config::kTakeTurns) {
            if (group == 1) ptx::arrive_threads(kTurn, 256);  // the first turn is the other group's
        }
    }

    // Computes the sums of one tile over k_blocks K blocks.
    __device__ __forceinline__ void multiply(int32_t k_blocks) {
        for (auto& pass : sums) {
#pragma unroll
            for (float& value : pass) value = 0.0f;
        }
        const int32_t units = (k_blocks + kSlices - 1) / kSlices * kPasses;
        k_done = 0;
        k_left = k_blocks;
        if (units < kInFlight) {
            for (int32_t unit = 0; unit < units; unit += kPasses) one_by_one();
            return;
        }
        static_for<kInFlight - 1>([&](auto unit) { issue<unit>(); });
        int32_t steps = units - (kInFlight - 1);
        for (; steps >= kUnroll; steps -= kUnroll) static_for<kUnroll>([&](auto unit) { step<unit>(); });
        finish<0>(steps);
    }

   private:
    // The passes over one stage with nothing else under way, for a K that does not fill the pipeline.
    __device__ __forceinline__ void one_by_one() {
        static_for<kPasses>([&](auto pass) {
            issue<pass, 0>();
            retire<pass, 0, 0>();
        });
    }

    // Retires unit kUnit with unit kUnit + kInFlight - 1 newly under way. Straight-line code, here and in finish:
    // ptxas runs the instructions one by one if a branch comes between an issue and its retirement (C7514).
    template <int kUnit>
    __device__ __forceinline__ void step() {
        issue<kUnit + kInFlight - 1>();
        retire<kUnit, kUnit % kInFlight, kInFlight - 1>();
    }

    // The steps that do not fill a round, then the units still under way.
    template <int kDone>
    __device__ __forceinline__ void finish(int32_t steps) {
        if (kDone == kUnroll - 1 || steps == kDone) {
            static_for<kInFlight - 1>([&](auto i) {
                retire<kDone + i, (kDone + i) % kInFlight, kInFlight - 2 - i>();
            });
        } else if constexpr (kDone < kUnroll - 1) {
            step<kDone>();
            finish<kDone + 1>(steps);
        }
    }

    struct Scales {
        float a[kScalesA];
        float b[Config::kScalesB];

        // Past K the partial sum is +0, but the scales may be anything, and +0 * infinity is not 0. A factor of -0
        // leaves every sum as it is: x + -0 is x, for -0, infinities and NaN too.
        __device__ __forceinline__ void neutralise() {
            static_for<kScalesA>([&](auto i) { a[i] = -0.0f; });
            static_for<Config::kScalesB>([&](auto i) { b[i] = 1.0f; });
        }
    };

    // First of the PTX registers for the partial sums of a slice; kSlot says which of the stages under way.
    template <int kSlot, int kSlice>
    static constexpr int kPartial = (kSlot * kSlices + kSlice) * kFloats;

    template <int kUnit, int kSlot = kUnit % kInFlight>
    __device__ __forceinline__ void issue() {
        constexpr int kPass = kUnit % kPasses;
        if constexpr (kPass == 0) {
            ptx::mbarrier_wait_unless(is_full, full_barrier(issue_at.stage), issue_at.parity);
            is_full = 0;  // nothing is known of the next
        }
        const uint64_t rows = next_rows + kPass * 64 * 128 / 16, columns = next_columns;
        if constexpr (Config::kTakeTurns) ptx::sync_threads(kTurn + group, 256);
        ptx::wgmma_fence();
        static_for<kSlices * 4>([&](auto step) {
            constexpr int kSlice = step / 4, kStep = step % 4;
            // Descriptors count 16 bytes; a step is 32 deep.
            constexpr int kToRows = (kSlice * (Config::kSwapAB ? Config::kSliceB : Config::kSliceA) + kStep * 32) / 16;
            constexpr int kToColumns = (kSlice * (Config::kSwapAB ? Config::kSliceA : Config::kSliceB) + kStep * 32) / 16;
            ptx::WgmmaFp8<kN>::template mma<kPartial<kSlot, kSlice>, kStep != 0>(rows + kToRows, columns + kToColumns);
        });
        ptx::wgmma_commit();
        if constexpr (Config::kTakeTurns) ptx::arrive_threads(kTurn + 1 - group, 256);
        if constexpr (kPass == kPasses - 1) {
            issue_at.advance();
            prepare();
        }
    }

    // Descriptors of the stage to issue next: made while another is multiplied.
    __device__ __forceinline__ void prepare() {
        const uint32_t tile_a = shared + Config::kOffsetA + issue_at.stage * Config::kBytesA;
        const uint32_t tile_b = shared + Config::kOffsetB + issue_at.stage * Config::kBytesB;
        next_rows = ptx::swizzled_descriptor((Config::kSwapAB ? tile_b : tile_a) + first_row(0) * 128);
        next_columns = ptx::swizzled_descriptor((Config::kSwapAB ? tile_a : tile_b) + first_column() * 128);
    }

    template <int kUnit, int kSlot, int kPending>
    __device__ __forceinline__ void retire() {
        constexpr int kPass = kUnit % kPasses;
        // Keeps ptxas from moving the loads of the scales between the matrix instructions, which then wait for them
        // (H100 80GB HBM3, 2026-11-24: 128x192 tiles, 8192 x 8192 x 8192: 983 us so, 814 us not).
        __syncwarp();
        if constexpr (!Config::kScalesOfColumns && kPass == 0) {
            ptx::mbarrier_wait_unless(k_done % 32 != 0, chunk.full(), chunk.parity());
        }
        Scales scales[kSlices];  // their latency hides behind the wait
        static_for<kSlices>([&](auto slice) {
            scales[slice] = load_scales(kPass, slice);
            // Only the last stage of a tile, retired with nothing else under way, can reach past K.
            if (kPending == 0 && slice > 0 && slice >= k_left) scales[slice].neutralise();
        });
        ptx::wgmma_wait<kPending>();
        if constexpr (kPass == kPasses - 1) {
            release();  // read: sums and scales are in registers
            if constexpr (!Config::kScalesOfColumns) release_chunk();
            is_full = ptx::mbarrier_test(full_barrier(issue_at.stage), issue_at.parity);  // known by the time it matters
        }
        static_for<kSlices>([&](auto slice) {
            if constexpr (Config::kSwapAB) {
                promote_swapped<kPartial<kSlot, slice>>(sums[kPass], scales[slice]);
            } else {
                promote<kPartial<kSlot, slice>>(sums[kPass], scales[slice]);
            }
        });
        if constexpr (kPass == kPasses - 1) {
            k_done += kSlices;
            k_left -= kSlices;
            retire_at.advance();
        }
    }

    // Rows of this thread: lane / 4 and that plus 8, in its warp's 16.
    template <int kFirst>
    __device__ __forceinline__ void promote(float (&sum)[kFloats], const Scales& scales) const {
        if constexpr (Config::kScalesOfColumns) {
            promote_columns<kFirst>(sum, scales);
        } else {
            promote_blocks<kFirst>(sum, scales);
        }
    }

    // A scale of B for each column.
    template <int kFirst>
    __device__ __forceinline__ void promote_columns(float (&sum)[kFloats], const Scales& scales) const {
        static_for<kN / 8>([&](auto j) {
            const float even = scales.b[2 * j], odd = scales.b[2 * j + 1];
            ptx::fma_partial<kFirst + 4 * j>(sum[4 * j], __fmul_rn(scales.a[0], even));
            ptx::fma_partial<kFirst + 4 * j + 1>(sum[4 * j + 1], __fmul_rn(scales.a[0], odd));
            ptx::fma_partial<kFirst + 4 * j + 2>(sum[4 * j + 2], __fmul_rn(scales.a[1], even));
            ptx::fma_partial<kFirst + 4 * j + 3>(sum[4 * j + 3], __fmul_rn(scales.a[1], odd));
        });
    }

    // One for 128 columns; another from each boundary on that the tile crosses.
    template <int kFirst>
    __device__ __forceinline__ void promote_blocks(float (&sum)[kFloats], const Scales& scales) const {
        const float b = Config::kSplitColumns && group == 1 ? scales.b[Config::kScalesB - 1] : scales.b[0];
        float upper = scales.a[0] * b, lower = scales.a[1] * b;
        static_for<kN / 8>([&](auto j) {
            if constexpr (Config::kScalesB > 1 && !Config::kSplitColumns && j > 0 && j * 8 % Config::kScaleStep == 0) {
                static_for<Config::kScalesB - 1>([&](auto i) {
                    const bool crosses = j * 8 == split + i * 128;
                    upper = crosses ? scales.a[0] * scales.b[i + 1] : upper;
                    lower = crosses ? scales.a[1] * scales.b[i + 1] : lower;
                });
            }
            ptx::fma_partial<kFirst + 4 * j>(sum[4 * j], upper);
            ptx::fma_partial<kFirst + 4 * j + 1>(sum[4 * j + 1], upper);
            ptx::fma_partial<kFirst + 4 * j + 2>(sum[4 * j + 2], lower);
            ptx::fma_partial<kFirst + 4 * j + 3>(sum[4 * j + 3], lower);
        });
    }

    // Tokens of this thread: two adjacent columns in each eight.
    template <int kFirst>
    __device__ __forceinline__ void promote_swapped(float (&sum)[kFloats], const Scales& scales) const {
        static_for<kN / 8>([&](auto j) {
            const float even = scales.a[2 * j] * scales.b[0], odd = scales.a[2 * j + 1] * scales.b[0];
            ptx::fma_partial<kFirst + 4 * j>(sum[4 * j], even);
            ptx::fma_partial<kFirst + 4 * j + 1>(sum[4 * j + 1], odd);
            ptx::fma_partial<kFirst + 4 * j + 2>(sum[4 * j + 2], even);
            ptx::fma_partial<kFirst + 4 * j + 3>(sum[4 * j + 3], odd);
        });
    }

    __device__ __forceinline__ Scales load_scales(int pass, int slice) const {
        Scales scales;
        const uint32_t a = shared + Config::kOffsetScalesA + retire_at.stage * Config::kPitchScalesA +
                           slice * Config::kBlockM * 4;
        uint32_t b = scales_b(slice);
        if constexpr (Config::kSwapAB) {
            static_for<kN / 8>([&](auto j) {
                load_words(scales.a[2 * j], scales.a[2 * j + 1], a + (j * 8 + lane % 4 * 2) * 4);
            });
            b += first_row(pass) / 128 * 4;  // 64 rows of weights never straddle a boundary
            scales.b[0] = load_word(b);
        } else {
            const uint32_t row = a + (first_row(pass) + warp * 16 + lane / 4) * 4;
            scales.a[0] = load_word(row);
            scales.a[1] = load_word(row + 8 * 4);
            if constexpr (Config::kScalesOfColumns) {
                static_for<kN / 8>([&](auto j) {
                    load_words(scales.b[2 * j], scales.b[2 * j + 1], b + (first_column() + j * 8 + lane % 4 * 2) * 4);
                });
            } else {
                static_for<Config::kScalesB>([&](auto i) { scales.b[i] = load_word(b + i * 4); });
            }
        }
        return scales;
    }

    // The stage may be filled again: by every block that fills a part of it. Each thread speaks for its own reads; one
    // lane for its warp is not faster, and racecheck does not follow it.
    __device__ __forceinline__ void release() const {
        const uint32_t empty = full_barrier(retire_at.stage) + 8;
        if constexpr (Config::kCluster > 1) {
            static_for<Config::kCluster>([&](auto block) { ptx::mbarrier_arrive_at(empty, block); });
        } else {
            ptx::mbarrier_arrive(empty);
        }
    }

    // The same of the B scales, if that was the chunk's last stage. No branch, see step.
    __device__ __forceinline__ void release_chunk() {
        const bool over = (k_done + kSlices) % 32 == 0 || k_left <= kSlices;
        ptx::mbarrier_arrive_if(over, chunk.empty());
        chunk.count += over;
    }

    __device__ __forceinline__ uint32_t scales_b(int slice) const {
        if constexpr (Config::kScalesOfColumns) {
            return shared + Config::kOffsetScalesB + retire_at.stage * Config::kPitchScalesB + slice * Config::kBlockN * 4;
        } else {
            return chunk.scales(k_done + slice);
        }
    }

    __device__ __forceinline__ uint32_t full_barrier(uint32_t stage) const {
        return shared + Config::kOffsetBarriers + stage * 16;
    }

   public:
    // Sum i of the tile: those of a pass follow those of the pass before.
    template <int kIndex>
    __device__ __forceinline__ float sum() const {
        return sums[kIndex / kFloats][kIndex % kFloats];
    }

    // First row and column of this warpgroup's work inside the tile, on the instruction's M and N side.
    __device__ __forceinline__ int first_row(int pass) const {
        return Config::kSplitColumns ? 0 : (group * kPasses + pass) * 64;
    }
    __device__ __forceinline__ int first_column() const { return Config::kSplitColumns ? group * kN : 0; }

   private:
    __device__ __forceinline__ static float load_word(uint32_t address) {
        float value;
        asm volatile("ld.shared.f32 %0, [%1];" : "=f"(value) : "r"(address) : "memory");
        return value;
    }
    __device__ __forceinline__ static void load_words(float& first, float& second, uint32_t address) {
        asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(first), "=f"(second) : "r"(address) : "memory");
    }
};

}  // namespace aotgemm::sm90
