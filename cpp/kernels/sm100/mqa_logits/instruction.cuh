// The matrix instructions of a tile, in cute's wrappers: keys by heads. FP8: kind f8f6f4, 32 of head_dim, without scales.
// FP4: kind mxf4, 64 of head_dim, with a scale for each 32. Both take 32 bytes of a row.
#pragma once

#include <cstdint>
#include <cute/arch/copy_sm100.hpp>
#include <cute/arch/mma_sm100_desc.hpp>
#include <cute/arch/mma_sm100_umma.hpp>

#include "sm100/mqa_logits/config.cuh"

namespace aotgemm::sm100 {

constexpr int kMqaStepBytes = 32;

struct MqaFp8Instruction {
    static constexpr auto kMajor = cute::UMMA::Major::K;
    uint64_t descriptor;

    __device__ __forceinline__ explicit MqaFp8Instruction(int32_t columns) {
        using E4m3 = cute::float_e4m3_t;
        auto of = cute::UMMA::make_instr_desc<E4m3, E4m3, float, sm90::kMqaBlockKeys, kMqaTileColumns, kMajor, kMajor>();
        of.n_dim_ = static_cast<uint16_t>(columns / 8);
        descriptor = cute::UMMA::make_runtime_instr_desc(of);
    }
    __device__ __forceinline__ void issue(uint64_t keys, uint64_t heads, uint32_t sums, int step, uint32_t,
                                          uint32_t) const {
        cute::SM100_MMA_F8F6F4_SS::fma(keys, heads, sums, step > 0 ? 1 : 0, descriptor);
    }
};

// A word has the scales of 128 of head_dim; each instruction takes two of its bytes, and scale ids count bytes.
struct MqaFp4Instruction {
    static constexpr auto kMajor = cute::UMMA::Major::K;
    using E2m1 = cute::float_e2m1_t;
    using Ue8m0 = cute::float_ue8m0_t;
    using Issue = cute::SM100_MMA_MXF4_SS<E2m1, E2m1, float, Ue8m0, sm90::kMqaBlockKeys, kMqaTileColumns, 32, kMajor, kMajor>;
    cute::UMMA::InstrDescriptorBlockScaled descriptor;

    __device__ __forceinline__ explicit MqaFp4Instruction(int32_t columns)
        : descriptor(cute::UMMA::make_instr_desc_block_scaled<E2m1, E2m1, float, Ue8m0, sm90::kMqaBlockKeys,
                                                              kMqaTileColumns, kMajor, kMajor>()) {
        descriptor.n_dim_ = static_cast<uint16_t>(columns / 8);
    }
    __device__ __forceinline__ void issue(uint64_t keys, uint64_t heads, uint32_t sums, int step, uint32_t key_scales,
                                          uint32_t query_scales) const {
        auto of = descriptor;
        of.a_sf_id_ = of.b_sf_id_ = static_cast<uint16_t>(2 * step);
        Issue::fma(keys, heads, sums, step > 0 ? 1 : 0, uint64_t{of.desc_} << 32, key_scales, query_scales);
    }
};

}  // namespace aotgemm::sm100
