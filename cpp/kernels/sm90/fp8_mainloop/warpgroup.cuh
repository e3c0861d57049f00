// What the two kinds of consumer warpgroups of the FP8 families have in common: how a stage is multiplied, where its
// scales are, and the promotion of partial sums to FP32.
//
// The canonical order (numerics: family fp8_gemm_1d2d) is one chain of four 32-deep steps per K block, started at zero,
// then sum = fma(partial, sfa * sfb, sum), K blocks ascending.
#pragma once

#include <type_traits>

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "ptx/mbarrier.cuh"
#include "ptx/wgmma.cuh"
#include "sm90/fp8_mainloop/block_scales_b.cuh"
#include "sm90/pipeline/pipeline.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/pipeline/warpgroup_share.cuh"
#include "wgmma_fp8.cuh"

namespace aotgemm::sm90 {

template <class Config>
struct Fp8Warpgroup {
    static constexpr int kN = Config::kInstructionN;
    static constexpr int kFloats = kN / 2;  // accumulators a thread holds for 64 x kN
    static constexpr int kPasses = Config::kPasses, kSlices = Config::kSlices;
    static constexpr int kScalesA = Config::kSwapAB ? kN / 4 : 2;  // A scales a thread needs per slice and pass

    const typename Config::Params& params;
    uint32_t shared;
    int group;          // which consumer warpgroup
    int warp, lane;     // in the warpgroup, in the warp
    int32_t split = 0;  // columns of the tile before the first 128-column boundary
    PipelineState<Config::kStages> issue_at;
    uint64_t first_rows = 0, first_columns = 0;  // descriptors of the ring's first stage
    uint64_t next_rows = 0, next_columns = 0;    // and of that at issue_at
    BlockScalesB<Config> scales_of_b;             // unless each column has its own
    float sums[kPasses][kFloats];

    // Before the first tile.
    __device__ __forceinline__ void start() {
        const uint32_t a = shared + Config::kOffsetA, b = shared + Config::kOffsetB;
        first_rows = ptx::swizzled_descriptor((Config::kSwapAB ? b : a) + first_row(0) * 128);
        first_columns = ptx::swizzled_descriptor((Config::kSwapAB ? a : b) + first_column() * 128);
        prepare();
    }

    // Sum i of the tile: those of a pass follow those of the pass before.
    template <int kIndex>
    __device__ __forceinline__ float sum() const {
        return sums[kIndex / kFloats][kIndex % kFloats];
    }

    // First row and column of this warpgroup's work inside the tile, on the instruction's M and N side.
    __device__ __forceinline__ int first_row(int pass) const { return WarpgroupShare<Config>{group}.first_row(pass); }
    __device__ __forceinline__ int first_column() const { return WarpgroupShare<Config>{group}.first_column(); }

   protected:
    __device__ __forceinline__ void clear_sums() {
        for (auto& pass : sums) {
#pragma unroll
            for (float& value : pass) value = 0.0f;
        }
    }

    // First of the PTX registers for the partial sums of a slice; kSlot says which of the stages under way.
    template <int kSlot, int kSlice>
    static constexpr int kPartial = (kSlot * kSlices + kSlice) * kFloats;

    // Starts the matrix instructions of a pass over the stage at issue_at.
    template <int kPass, int kSlot>
    __device__ __forceinline__ void issue() {
        const uint64_t rows = next_rows + kPass * 64 * 128 / 16, columns = next_columns;
        ptx::wgmma_fence();
        static_for<kSlices * 4>([&](auto step) {
            constexpr int kSlice = step / 4, kStep = step % 4;
            // Descriptors count 16 bytes; a step is 32 deep.
            constexpr int kToRows = (kSlice * (Config::kSwapAB ? Config::kSliceB : Config::kSliceA) + kStep * 32) / 16;
            constexpr int kToColumns = (kSlice * (Config::kSwapAB ? Config::kSliceA : Config::kSliceB) + kStep * 32) / 16;
            ptx::WgmmaFp8<kN>::template mma<kPartial<kSlot, kSlice>, kStep != 0>(rows + kToRows, columns + kToColumns);
        });
        ptx::wgmma_commit();
    }

    // Descriptors of the stage to issue next: made while another is multiplied. Addresses stay below 2^18, so that the
    // stage only changes the low word.
    __device__ __forceinline__ void prepare() {
        constexpr uint32_t kRowsBytes = Config::kSwapAB ? Config::kBytesB : Config::kBytesA;
        constexpr uint32_t kColumnsBytes = Config::kSwapAB ? Config::kBytesA : Config::kBytesB;
        next_rows = ptx::add_to_low_word(first_rows, issue_at.stage * (kRowsBytes / 16));
        next_columns = ptx::add_to_low_word(first_columns, issue_at.stage * (kColumnsBytes / 16));
    }

    // The scales that a pass over a slice needs.
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

    // Those of A for a pass over slice `slice` of a stage, if they are wanted.
    __device__ __forceinline__ void load_scales_a(Scales& scales, uint32_t stage, int pass, int slice,
                                                  uint32_t wanted = 1) const {
        const uint32_t a = shared + Config::kOffsetScalesA + stage * Config::kPitchScalesA + slice * Config::kBlockM * 4;
        if constexpr (Config::kSwapAB) {
            static_for<kN / 8>([&](auto j) {
                ptx::load_words_if(wanted, scales.a[2 * j], scales.a[2 * j + 1], a + (j * 8 + lane % 4 * 2) * 4);
            });
        } else {
            const uint32_t row = a + (first_row(pass) + warp * 16 + lane / 4) * 4;
            ptx::load_word_if(wanted, scales.a[0], row);
            ptx::load_word_if(wanted, scales.a[1], row + 8 * 4);
        }
    }

    // Those of B, which all passes share; the slice is K block k of the tile.
    __device__ __forceinline__ void load_scales_b(Scales& scales, uint32_t stage, int slice, uint32_t k) const {
        if constexpr (Config::kScalesOfColumns) {
            const uint32_t b = scales_of_columns(stage, slice);
            static_for<kN / 8>([&](auto j) { ptx::load_words(scales.b[2 * j], scales.b[2 * j + 1], b + j * 8 * 4); });
        } else {
            static_for<Config::kScalesB>([&](auto i) { scales.b[i] = scales_of_b.at(i, k); });
        }
    }

    // What partial sums are multiplied with: products of scales, as few as there are. A thread has rows lane / 4 and that
    // plus 8 of its warp's 16 (upper and lower), with swap_ab two adjacent columns, tokens, of each eight.
    static constexpr int kSegment = Config::kSwapAB ? 8 : Config::kScaleStep;
    static constexpr int kSegments = kN / kSegment;  // of columns under the same scales
    struct Factors {
        float first[kSegments], second[kSegments];
    };

    // Where each column has a scale, there are as many products as sums.
    struct Products {
        float of[kFloats];
    };

    __device__ __forceinline__ Products make_products(const Scales& scales) const {
        Products products;
        static_for<kFloats>([&](auto i) {
            products.of[i] = ptx::multiply_now(scales.a[i / 2 % 2], scales.b[i / 4 * 2 + i % 2]);
        });
        return products;
    }

    using Multiplier = std::conditional_t<Config::kScalesOfColumns, Scales, Factors>;

    __device__ __forceinline__ Multiplier multiply_scales(const Scales& scales) const {
        if constexpr (Config::kScalesOfColumns) {
            return scales;
        } else {
            return make_factors(scales);
        }
    }

    __device__ __forceinline__ Factors make_factors(const Scales& scales) const {
        static_assert(Config::kScalesB <= 2);
        Factors factors;
        static_for<kSegments>([&](auto i) {
            if constexpr (Config::kSwapAB) {
                factors.first[i] = scales.a[2 * i] * scales.b[0];
                factors.second[i] = scales.a[2 * i + 1] * scales.b[0];
            } else {
                // 128 columns share a scale; the next one begins at the boundary that the tile crosses.
                const float b = Config::kScalesB > 1 && i * kSegment >= split ? scales.b[Config::kScalesB - 1] : scales.b[0];
                factors.first[i] = scales.a[0] * b;
                factors.second[i] = scales.a[1] * b;
            }
        });
        return factors;
    }

    template <int kFirst>
    __device__ __forceinline__ void promote(float (&sum)[kFloats], const Factors& factors) const {
        static_for<kN / 8>([&](auto j) {
            constexpr int kAt = j * 8 / kSegment;
            const float first = factors.first[kAt], second = factors.second[kAt];
            // Of four sums two are in the upper row; with swap_ab two are in the first column.
            ptx::fma_partial<kFirst + 4 * j>(sum[4 * j], first);
            ptx::fma_partial<kFirst + 4 * j + 1>(sum[4 * j + 1], Config::kSwapAB ? second : first);
            ptx::fma_partial<kFirst + 4 * j + 2>(sum[4 * j + 2], Config::kSwapAB ? first : second);
            ptx::fma_partial<kFirst + 4 * j + 3>(sum[4 * j + 3], second);
        });
    }

    template <int kFirst>
    __device__ __forceinline__ void promote(float (&sum)[kFloats], const Products& products) const {
        static_for<kFloats>([&](auto i) { ptx::fma_partial<kFirst + i>(sum[i], products.of[i]); });
    }

    // Where each column has a scale and registers are scarce, products are made as they are needed.
    template <int kFirst>
    __device__ __forceinline__ void promote(float (&sum)[kFloats], const Scales& scales) const {
        static_for<kN / 8>([&](auto j) {
            const float even = scales.b[2 * j], odd = scales.b[2 * j + 1];
            ptx::fma_partial<kFirst + 4 * j>(sum[4 * j], __fmul_rn(scales.a[0], even));
            ptx::fma_partial<kFirst + 4 * j + 1>(sum[4 * j + 1], __fmul_rn(scales.a[0], odd));
            ptx::fma_partial<kFirst + 4 * j + 2>(sum[4 * j + 2], __fmul_rn(scales.a[1], even));
            ptx::fma_partial<kFirst + 4 * j + 3>(sum[4 * j + 3], __fmul_rn(scales.a[1], odd));
        });
    }

    // The same, which reads B's scales as it needs them: for a warpgroup that has no registers for all of them.
    template <int kFirst>
    __device__ __forceinline__ void promote_reading(float (&sum)[kFloats], const float (&a)[kScalesA], uint32_t stage) const {
        const uint32_t b = scales_of_columns(stage, 0);
        static_for<kN / 8>([&](auto j) {
            float even, odd;
            ptx::load_words(even, odd, b + j * 8 * 4);
            ptx::fma_partial<kFirst + 4 * j>(sum[4 * j], __fmul_rn(a[0], even));
            ptx::fma_partial<kFirst + 4 * j + 1>(sum[4 * j + 1], __fmul_rn(a[0], odd));
            ptx::fma_partial<kFirst + 4 * j + 2>(sum[4 * j + 2], __fmul_rn(a[1], even));
            ptx::fma_partial<kFirst + 4 * j + 3>(sum[4 * j + 3], __fmul_rn(a[1], odd));
        });
    }

    // Where this thread's scales of columns begin: of two of each eight.
    __device__ __forceinline__ uint32_t scales_of_columns(uint32_t stage, int slice) const {
        return shared + Config::kOffsetScalesB + stage * Config::kPitchScalesB + slice * Config::kBlockN * 4 +
               (first_column() + lane % 4 * 2) * 4;
    }

    // A stage may be filled again: by every block that fills a part of it. To its own block each thread speaks for its own
    // reads: one lane for its warp is not faster, and racecheck does not follow it. What the neighbour fills only matrix
    // instructions read, which are over for the whole warp, so one lane tells it: each arrival crosses the cluster, and
    // 192x128 tiles in pairs took 2 to 3% longer with all of them (H100 80GB HBM3, 2026-11-24, 4096 x 7168 x 16384,
    // 8192^3, 4096 x 4096 x 7168).
    __device__ __forceinline__ void release(uint32_t stage) const {
        const uint32_t empty = OperandPipeline<Config>{shared}.empty(stage);
        ptx::mbarrier_arrive(empty);
        if constexpr (Config::kCluster > 1) {
            if (lane == 0) ptx::mbarrier_arrive_cluster(empty, ptx::cluster_rank() ^ 1);
        }
    }

    __device__ __forceinline__ uint32_t full_barrier(uint32_t stage) const { return OperandPipeline<Config>{shared}.full(stage); }
};

}  // namespace aotgemm::sm90
