// The instruction of one tile: tcgen05.mma of kind mxf8f6f4 in cute's wrappers, for one block or a pair.
#pragma once

#include <cute/arch/copy_sm100.hpp>
#include <cute/arch/mma_sm100_desc.hpp>
#include <cute/arch/mma_sm100_umma.hpp>

#include <cstdint>

#include "sm100/fp8_fp4_gemm/config.cuh"

namespace aotgemm::sm100 {

template <class Config>
struct Instruction {
    using E4m3 = cute::float_e4m3_t;
    using Ue8m0 = cute::float_ue8m0_t;
    static constexpr auto kMajorA = Config::A::kMnMajor ? cute::UMMA::Major::MN : cute::UMMA::Major::K;
    static constexpr auto kMajorB = Config::B::kMnMajor ? cute::UMMA::Major::MN : cute::UMMA::Major::K;
    static constexpr auto kMajorFirst = Config::kSwapAB ? kMajorB : kMajorA;
    static constexpr auto kMajorSecond = Config::kSwapAB ? kMajorA : kMajorB;
    static constexpr int kM = Config::kInstructionM, kN = Config::kInstructionN;

    // The wrappers take E4M3 for any type: the descriptor alone says which it is.
    static __device__ __forceinline__ void issue(uint64_t first, uint64_t second, uint32_t sums, bool adds,
                                                 cute::UMMA::InstrDescriptorBlockScaled descriptor, uint32_t scales_first,
                                                 uint32_t scales_second) {
        const uint64_t in_high_word = uint64_t{descriptor.desc_} << 32;
        if constexpr (Config::kPair) {
            cute::SM100_MMA_MXF8F6F4_2x1SM_SS<E4m3, E4m3, float, Ue8m0, kM, kN, kMajorFirst, kMajorSecond>::fma(
                first, second, sums, adds ? 1 : 0, in_high_word, scales_first, scales_second);
        } else {
            cute::SM100_MMA_MXF8F6F4_SS<E4m3, E4m3, float, Ue8m0, kM, kN, kMajorFirst, kMajorSecond>::fma(
                first, second, sums, adds ? 1 : 0, in_high_word, scales_first, scales_second);
        }
    }

    // Copies the scale words of 128 rows to tensor memory. One thread calls this.
    static __device__ __forceinline__ void copy_scales(uint64_t from, uint32_t columns) {
        if constexpr (Config::kPair) {
            cute::SM100::TMEM::UTCCP::SM100_UTCCP_4x32dp128bit_2cta::copy(from, columns);
        } else {
            cute::SM100::TMEM::UTCCP::SM100_UTCCP_4x32dp128bit_1cta::copy(from, columns);
        }
    }

    // The descriptor but for the scale ids. Its first operand is A or, with swap_ab, B.
    static __device__ __forceinline__ cute::UMMA::InstrDescriptorBlockScaled descriptor(const Fp8Fp4GemmParams& params,
                                                                                        const sm90::Tile& tile) {
        auto out = cute::UMMA::make_instr_desc_block_scaled<E4m3, E4m3, float, Ue8m0, kM, kN, kMajorFirst, kMajorSecond>();
        out.a_format_ = static_cast<uint16_t>(Config::kSwapAB ? params.code_of_b : params.code_of_a);
        out.b_format_ = static_cast<uint16_t>(Config::kSwapAB ? params.code_of_a : params.code_of_b);
        out.n_dim_ = static_cast<uint16_t>(instruction_n<Config>(tile) / 8);
        return out;
    }
};

}  // namespace aotgemm::sm100
