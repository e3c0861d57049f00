// The base of the serial and the pipelined consumer warpgroup: wgmma over a stage, loads of its scales, and the
// promotion of partial sums to FP32.
//
// The canonical order of the FP8 families (sum over K: aotgemm_fp8_gemm_nt in cpp/include/aotgemm/aotgemm.h) is one
// chain of four 32-deep steps per K block, started at zero, then sum = fma(partial, sfa * sfb, sum), K blocks
// ascending.
#pragma once

#include <type_traits>

#include "common/static_for.cuh"
#include "ptx/arrive_after.cuh"
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
    static constexpr bool kStartsAnywhere = Config::kGrouping == Grouping::psum;  // a tile, at any row of A
    static constexpr int kScalesA = Config::kSwapAB ? kN / 4 : 2;  // A scales a thread needs per slice and pass

    const typename Config::Params& params;
    uint32_t shared;
    int group;          // number of this consumer warpgroup
    int warp, lane;     // in the warpgroup, in the warp
    int32_t split = 0;  // columns of the tile before the first 128-column boundary
    // Bytes of scales of A before those of the tile's first row: psum alone has any.
    int32_t scales_before = 0;
    PipelineState<Config::kStages> issue_at;
    uint64_t first_rows = 0, first_columns = 0;  // descriptors of the pipeline's first stage
    uint64_t next_rows = 0, next_columns = 0;    // descriptors of the stage at issue_at
    BlockScalesB<Config> scales_of_b;            // not used where each column has its own scale
    float sums[kPasses][kFloats];

    // The consumer calls this before the first tile.
    __device__ __forceinline__ void start() {
        const uint32_t a = shared + Config::kOffsetA, b = shared + Config::kOffsetB;
        first_rows = ptx::swizzled_descriptor((Config::kSwapAB ? b : a) + first_row(0) * 128);
        first_columns = ptx::swizzled_descriptor((Config::kSwapAB ? a : b) + first_column() * 128);
        prepare();
    }

    // Passes over the stages of a tile in which this warpgroup has no rows. It waits for each stage, so that it never
    // releases one twice.
    __device__ __forceinline__ void skip(int32_t k_blocks) {
#pragma unroll 1
        for (; k_blocks > 0; k_blocks -= kSlices) {
            ptx::mbarrier_wait(full_barrier(issue_at.stage), issue_at.parity);
            release(issue_at.stage);
            issue_at.advance();
        }
        prepare();
    }

    // Sum i of the tile, numbered pass after pass.
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

    // First of the PTX registers for the partial sums of a slice; kSlot is the number of the mma in flight.
    template <int kSlot, int kSlice>
    static constexpr int kPartial = (kSlot * kSlices + kSlice) * kFloats;

    // Issues the wgmma instructions of a pass over the stage at issue_at.
    template <int kPass, int kSlot>
    __device__ __forceinline__ void issue() {
        const uint64_t rows = next_rows + kPass * 64 * 128 / 16, columns = next_columns;
        ptx::wgmma_fence();
        static_for<kSlices * 4>([&](auto step) {
            constexpr int kSlice = step / 4, kStep = step % 4;
            // Descriptors count 16 bytes; a step is 32 deep.
            constexpr int kRowsSlice = Config::kSwapAB ? Config::kSliceB : Config::kSliceA;
            constexpr int kColumnsSlice = Config::kSwapAB ? Config::kSliceA : Config::kSliceB;
            constexpr int kToRows = (kSlice * kRowsSlice + kStep * 32) / 16;
            constexpr int kToColumns = (kSlice * kColumnsSlice + kStep * 32) / 16;
            ptx::WgmmaFp8<kN>::template mma<kPartial<kSlot, kSlice>, kStep != 0>(rows + kToRows, columns + kToColumns);
        });
        ptx::wgmma_commit();
    }

    // Computes the descriptors of the stage at issue_at while another one is multiplied. Addresses are below 2^18, so
    // the stage changes the low word alone.
    __device__ __forceinline__ void prepare() {
        constexpr uint32_t kRowsBytes = Config::kSwapAB ? Config::kBytesB : Config::kBytesA;
        constexpr uint32_t kColumnsBytes = Config::kSwapAB ? Config::kBytesA : Config::kBytesB;
        next_rows = ptx::add_to_low_word(first_rows, issue_at.stage * (kRowsBytes / 16));
        next_columns = ptx::add_to_low_word(first_columns, issue_at.stage * (kColumnsBytes / 16));
    }

    // The scales of a pass over a slice.
    struct Scales {
        float a[kScalesA];
        float b[Config::kScalesB];

        // Past K the partial sum is +0, but the scales may be anything, and +0 * infinity is not 0. A factor of -0
        // changes no sum: x + -0 is x, for -0, infinities and NaN too.
        __device__ __forceinline__ void neutralise() {
            static_for<kScalesA>([&](auto i) { a[i] = -0.0f; });
            static_for<Config::kScalesB>([&](auto i) { b[i] = 1.0f; });
        }

        // A word of each load of A's scales from the stage, joined, for release. What a pair brings arrives together.
        __device__ __forceinline__ uint32_t words_of_a() const {
            constexpr int kStep = Config::kSwapAB && !kStartsAnywhere ? 2 : 1;
            uint32_t words = 0;
            static_for<kScalesA / kStep>([&](auto i) { words |= __float_as_uint(a[kStep * i]); });
            return words;
        }

        // The same of B's, where those come from the stage.
        __device__ __forceinline__ uint32_t words_of_b() const {
            uint32_t words = 0;
            if constexpr (Config::kScalesOfColumns) {
                static_for<Config::kScalesB / 2>([&](auto i) { words |= __float_as_uint(b[2 * i]); });
            }
            return words;
        }
    };

    // Loads A's scales for a pass over slice `slice` of a stage, if `wanted` is not 0.
    __device__ __forceinline__ void load_scales_a(Scales& scales, uint32_t stage, int pass, int slice,
                                                  uint32_t wanted = 1) const {
        const uint32_t a =
            shared + Config::kOffsetScalesA + stage * Config::kPitchScalesA + slice * Config::kScaleRowsA * 4 +
            (kStartsAnywhere ? scales_before : 0);
        if constexpr (Config::kSwapAB && kStartsAnywhere) {
            static_for<kN / 8 * 2>([&](auto i) {  // pairs would be 8 bytes aligned only by chance
                ptx::load_word_if(wanted, scales.a[i], a + (i / 2 * 8 + lane % 4 * 2 + i % 2) * 4);
            });
        } else if constexpr (Config::kSwapAB) {
            static_for<kN / 8>([&](auto j) {
                ptx::load_words_if(wanted, scales.a[2 * j], scales.a[2 * j + 1], a + (j * 8 + lane % 4 * 2) * 4);
            });
        } else {
            const uint32_t row = a + (first_row(pass) + warp * 16 + lane / 4) * 4;
            ptx::load_word_if(wanted, scales.a[0], row);
            ptx::load_word_if(wanted, scales.a[1], row + 8 * 4);
        }
    }

    // Loads B's scales, which all passes share; the slice is K block k of the tile.
    __device__ __forceinline__ void load_scales_b(Scales& scales, uint32_t stage, int slice, uint32_t k) const {
        if constexpr (Config::kScalesOfColumns) {
            const uint32_t b = scales_of_columns(stage, slice);
            static_for<kN / 8>([&](auto j) { ptx::load_words(scales.b[2 * j], scales.b[2 * j + 1], b + j * 8 * 4); });
        } else {
            static_for<Config::kScalesB>([&](auto i) { scales.b[i] = scales_of_b.at(i, k); });
        }
    }

    // Factors of the partial sums: the distinct products of scales. A thread has rows lane / 4 and lane / 4 + 8 of its
    // warp's 16 (upper and lower); with swap_ab it has two adjacent columns, tokens, of each eight.
    static constexpr int kSegment = Config::kSwapAB ? 8 : Config::kScaleStep;  // columns with the same scales
    static constexpr int kSegments = kN / kSegment;
    struct Factors {
        float first[kSegments], second[kSegments];
    };

    // Where each column has its own scale, there are as many products as sums.
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
                // 128 columns share a scale; the second scale starts at the 128-column boundary inside the tile.
                constexpr int kLast = Config::kScalesB - 1;
                const float b = kLast > 0 && i * kSegment >= split ? scales.b[kLast] : scales.b[0];
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
            // Two of four sums are in the upper row; with swap_ab two are in the first column.
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

    // Where each column has its own scale and registers are scarce, each product is computed when it is used.
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

    // The same, with each of B's scales loaded when it is used: for a warpgroup without registers for all of them.
    // Returns a word of each load, joined.
    template <int kFirst>
    __device__ __forceinline__ uint32_t promote_reading(float (&sum)[kFloats], const float (&a)[kScalesA],
                                                        uint32_t stage) const {
        const uint32_t b = scales_of_columns(stage, 0);
        uint32_t words = 0;
        static_for<kN / 8>([&](auto j) {
            float even, odd;
            ptx::load_words(even, odd, b + j * 8 * 4);
            ptx::fma_partial<kFirst + 4 * j>(sum[4 * j], __fmul_rn(a[0], even));
            ptx::fma_partial<kFirst + 4 * j + 1>(sum[4 * j + 1], __fmul_rn(a[0], odd));
            ptx::fma_partial<kFirst + 4 * j + 2>(sum[4 * j + 2], __fmul_rn(a[1], even));
            ptx::fma_partial<kFirst + 4 * j + 3>(sum[4 * j + 3], __fmul_rn(a[1], odd));
            words |= __float_as_uint(odd);
        });
        return words;
    }

    // Address of this thread's first column scale; it has two of each eight columns.
    __device__ __forceinline__ uint32_t scales_of_columns(uint32_t stage, int slice) const {
        return shared + Config::kOffsetScalesB + stage * Config::kPitchScalesB + slice * Config::kBlockN * 4 +
               (first_column() + lane % 4 * 2) * 4;
    }

    // Signals every block that fills a part of the stage, once this thread's loads from the stage are over: `words`
    // joins a word of each. In its own block each thread arrives for its own reads: one lane for its warp is not
    // faster, and racecheck does not follow it. Only wgmma reads what the neighbour fills, and
    // it is complete for the whole warp, so one lane arrives there: each arrival crosses the cluster, and 192x128 tiles
    // in pairs took 2 to 3% longer with all of them (H100 80GB HBM3, 2026-11-24, 4096 x 7168 x 16384, 8192^3, 4096 x
    // 4096 x 7168).
    __device__ __forceinline__ void release(uint32_t stage, uint32_t words = 0) const {
        const uint32_t empty = OperandPipeline<Config>{shared}.empty(stage);
        ptx::mbarrier_arrive_after(empty, words, static_cast<uint32_t>(params.k_blocks >> 31));
        if constexpr (Config::kCluster > 1) {
            if (lane == 0) ptx::mbarrier_arrive_cluster(empty, ptx::cluster_rank() ^ 1);
        }
    }

    __device__ __forceinline__ uint32_t full_barrier(uint32_t stage) const {
        return OperandPipeline<Config>{shared}.full(stage);
    }
};

}  // namespace aotgemm::sm90
