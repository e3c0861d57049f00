// The warps that turn A into FP32 for the tensor cores, sum its squares, and store D and sqr_sum.
//
// Two lanes have a row. Of every eight elements of K one lane takes the even ones and the other the odd ones: 16 bytes of
// each, in the order in which the loaders of B have K (sm90/tf32_hc_prenorm_gemm/b_loader.cuh says why no bit depends on
// it), and four of the eight chains of squares.
#pragma once

#include "common/static_for.cuh"
#include "ptx/block.cuh"
#include "ptx/copy.cuh"
#include "ptx/tcgen05.cuh"
#include "sm100/epilogue/tensor_load.cuh"
#include "sm100/tf32_hc_prenorm_gemm/config.cuh"
#include "sm90/epilogue/swizzle.cuh"
#include "sm90/pipeline/pipeline_state.cuh"
#include "sm90/tf32_hc_prenorm_gemm/tiles.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct HcPrenormConverter {
    static constexpr int kColumns = Config::kColumns, kChains = 4;  // of a lane

    const sm90::HcPrenormParams& params;
    uint32_t shared;
    uint32_t tmem;
    int warp, lane;
    sm90::PipelineState<sm90::kPrenormStagesA> a{};
    sm90::PipelineState<kPrenormTermStages> terms{};
    uint32_t summed_parity = 0;
    float squares[kChains]{};

    // A warp that has rows of the tile.
    __device__ __forceinline__ void run() {
        for (auto index = static_cast<int32_t>(blockIdx.x); index < sm90::tile_count(params);
             index += static_cast<int32_t>(gridDim.x)) {
            const sm90::HcPrenormTile item(params, index);
            for (float& chain : squares) chain = 0;
#pragma unroll 1
            for (int32_t block = 0; block < item.blocks; ++block) convert_block();
            store_squares(item);
            store_d(item);
        }
    }

   private:
    __device__ __forceinline__ int row() const { return lane / 2; }  // of the warp's 16
    __device__ __forceinline__ bool has_odd() const { return lane % 2 != 0; }

    __device__ __forceinline__ void convert_block() {
        const HcPrenormBarriers<Config> barriers{shared};
        ptx::mbarrier_wait(barriers.a().full(a.stage), a.parity);
        ptx::mbarrier_wait(barriers.terms().empty(terms.stage), terms.parity ^ 1);
        const int of_tile = warp * sm90::kPrenormWarpRows + row();
        const uint32_t from = shared + Config::kOffsetA + a.stage * sm90::kPrenormStageBytesA;
        const uint32_t to = shared + Config::kOffsetTerms + terms.stage * kPrenormTermBytes;
        static_for<Config::kSteps>([&](auto step) {
            const uint4 words = ptx::load_16_bytes(sm90::swizzled<128>(from, of_tile, step));
            const uint32_t terms_of_lane[kChains] = {term(words.x), term(words.y), term(words.z), term(words.w)};
            static_for<kChains>([&](auto i) {
                const float value = __uint_as_float(terms_of_lane[i]);
                squares[i] = __fmaf_rn(value, value, squares[i]);
            });
            const uint32_t slice = to + step / 4 * Config::Terms::kTileBytes;
            ptx::store_4_words(sm90::swizzled<128>(slice, of_tile, step % 4 * 2 + lane % 2), terms_of_lane[0],
                               terms_of_lane[1], terms_of_lane[2], terms_of_lane[3]);
        });
        ptx::fence_async_proxy();
        __syncwarp();
        if (lane == 0) {
            ptx::mbarrier_arrive(barriers.a().empty(a.stage));
            ptx::mbarrier_arrive(barriers.terms().full(terms.stage));
        }
        a.advance();
        terms.advance();
    }

    // Of two BF16 in a word the one that this lane takes, in FP32.
    __device__ __forceinline__ uint32_t term(uint32_t word) const { return has_odd() ? word & 0xFFFF0000u : word << 16; }

    // Chains 2 i and 2 i + 1 of a row are in two lanes: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
    __device__ __forceinline__ void store_squares(const sm90::HcPrenormTile& item) const {
        float sums[kChains];
        static_for<kChains>([&](auto i) {
            sums[i] = __fadd_rn(squares[i], __shfl_xor_sync(0xFFFFFFFF, squares[i], 1));
        });
        const float sum = __fadd_rn(__fadd_rn(sums[0], sums[1]), __fadd_rn(sums[2], sums[3]));
        const int32_t at = item.row + warp * sm90::kPrenormWarpRows + row();
        if (!has_odd() && at < params.m) params.sqr_sum[int64_t{item.split} * params.m + at] = sum;
    }

    // An instruction with M of 64 has row r in lane r % 16 of the part of tensor memory of warp r / 16. The accumulator is
    // free again once this warp has made the next item's first block: no other barrier says so.
    __device__ __forceinline__ void store_d(const sm90::HcPrenormTile& item) {
        uint32_t sums[kColumns]{};
        if (item.blocks > 0) {
            ptx::mbarrier_wait(HcPrenormBarriers<Config>{shared}.summed(), summed_parity);
            summed_parity ^= 1;
            ptx::tcgen05_fence_after_thread_sync();
            static_for<kColumns / 8>([&](auto group) {
                load_columns<tensor_memory_loads::SM100_TMEM_LOAD_32dp32b8x, group * 8>(
                    sums, tmem + (static_cast<uint32_t>(warp * 32) << 16) + group * 8);
            });
            wait_for_loads(sums);
            ptx::tcgen05_fence_before_thread_sync();
        }
        const int32_t at = item.row + warp * sm90::kPrenormWarpRows + lane;
        if (lane >= sm90::kPrenormWarpRows || at >= params.m) return;
        float* d = params.d + item.split * params.d_split_stride + at * params.d_row_stride;
        static_for<kColumns>([&](auto column) { d[column] = __uint_as_float(sums[column]); });
    }
};

}  // namespace aotgemm::sm100
