// The matrix instructions of all kinds, in cute's wrappers: 128 x 64, both operands in shared memory and K-major. What the
// types are, the descriptor alone says.
#pragma once

#include <cstdint>
#include <cute/arch/copy_sm100.hpp>
#include <cute/arch/mma_sm100_desc.hpp>
#include <cute/arch/mma_sm100_umma.hpp>

#include "sm100/tcgen05_mma/params.hpp"

namespace aotgemm::sm100 {

struct MmaInstruction {
    static constexpr auto kMajor = cute::UMMA::Major::K;
    using Bf16 = cute::bfloat16_t;
    using Tf32 = cute::tfloat32_t;
    using E4m3 = cute::float_e4m3_t;
    using E2m1 = cute::float_e2m1_t;
    using Ue8m0 = cute::float_ue8m0_t;
    using Ue4m3 = cute::float_ue4m3_t;
    template <class Scale, int kBlock>
    using Mxf4 = cute::SM100_MMA_MXF4_SS<E2m1, E2m1, float, Scale, kMmaRows, kMmaColumns, kBlock, kMajor, kMajor>;

    MmaKind kind;
    uint64_t descriptor;

    __device__ __forceinline__ explicit MmaInstruction(const MmaParams& params) : kind(params.kind) {
        descriptor = uint64_t{params.scales > 0 ? scaled(params) : plain(params)} << 32;
    }

    // One warp calls this together. Sums are added to what is there.
    __device__ __forceinline__ void issue(uint64_t a, uint64_t b, uint32_t sums, uint32_t scales_a,
                                          uint32_t scales_b) const {
        switch (kind) {
            case MmaKind::f16:
                return cute::SM100_MMA_F16BF16_SS<Bf16, Bf16, float, kMmaRows, kMmaColumns, kMajor, kMajor>::fma(
                    a, b, sums, 1, descriptor);
            case MmaKind::tf32:
                return cute::SM100_MMA_TF32_SS<Tf32, Tf32, float, kMmaRows, kMmaColumns, kMajor, kMajor>::fma(
                    a, b, sums, 1, descriptor);
            case MmaKind::f8f6f4: return cute::SM100_MMA_F8F6F4_SS::fma(a, b, sums, 1, descriptor);
            case MmaKind::mxf8f6f4:
                return cute::SM100_MMA_MXF8F6F4_SS<E4m3, E4m3, float, Ue8m0, kMmaRows, kMmaColumns, kMajor, kMajor>::fma(
                    a, b, sums, 1, descriptor, scales_a, scales_b);
            case MmaKind::mxf4: return Mxf4<Ue8m0, 32>::fma(a, b, sums, 1, descriptor, scales_a, scales_b);
            case MmaKind::mxf4nvf4: return Mxf4<Ue4m3, 16>::fma(a, b, sums, 1, descriptor, scales_a, scales_b);
        }
    }

   private:
    __device__ __forceinline__ static uint32_t plain(const MmaParams& params) {
        cute::UMMA::InstrDescriptor out{};
        out.c_format_ = static_cast<uint16_t>(cute::UMMA::CFormat::F32);
        out.a_format_ = static_cast<uint16_t>(params.a.format);
        out.b_format_ = static_cast<uint16_t>(params.b.format);
        out.m_dim_ = kMmaRows >> 4;
        out.n_dim_ = kMmaColumns >> 3;
        return out.desc_;
    }
    __device__ __forceinline__ static uint32_t scaled(const MmaParams& params) {
        cute::UMMA::InstrDescriptorBlockScaled out{};
        out.scale_format_ = params.kind == MmaKind::mxf4nvf4 ? 0 : 1;
        out.a_format_ = static_cast<uint16_t>(params.a.format);
        out.b_format_ = static_cast<uint16_t>(params.b.format);
        out.m_dim_ = kMmaRows >> 4;
        out.n_dim_ = kMmaColumns >> 3;
        return out.desc_;
    }
};

}  // namespace aotgemm::sm100
