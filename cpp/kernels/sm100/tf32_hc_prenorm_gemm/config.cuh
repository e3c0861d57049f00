// Shared memory of a tf32_hc_prenorm_gemm kernel on sm_100a: that of sm_90a, and blocks of A in FP32.
#pragma once

#include "sm100/pipeline/operand.cuh"
#include "sm100/pipeline/tensor_memory.cuh"
#include "sm100/tf32_hc_prenorm_gemm/launch_shape.hpp"
#include "sm90/tf32_hc_prenorm_gemm/config.cuh"

namespace aotgemm::sm100 {

template <int kColumns>
struct HcPrenormConfig : sm90::HcPrenormConfig<kColumns> {
    using Base = sm90::HcPrenormConfig<kColumns>;
    static constexpr bool kPair = false;
    static constexpr int kThreads = prenorm_threads(kColumns);
    static constexpr int kRows = sm90::kPrenormMostRows;  // M of the instruction
    static constexpr int kTmemColumns = allocated_columns(kColumns);
    using Terms = Operand<kRows, false, false, 4, kPair>;
    using B = Operand<kColumns, false, false, 4, kPair>;
    static_assert(B::kTileBytes == Base::kHalfBytesB && 2 * B::kTileBytes == Base::kStageBytesB);
    static_assert(2 * Terms::kTileBytes == kPrenormTermBytes);

    static constexpr int kOffsetTerms = prenorm_terms_offset(kColumns);
    static constexpr int kOffsetBarriersTerms = kOffsetTerms + kPrenormTermStages * kPrenormTermBytes;
    static constexpr int kOffsetFull = kOffsetBarriersTerms + kPrenormTermStages * 16;  // barrier: an item is summed
    static constexpr int kOffsetTmem = kOffsetFull + 16;
    static constexpr int kSharedBytes = prenorm_shared_bytes(kColumns);
    static_assert(kOffsetTmem + kTensorMemoryBytes == kSharedBytes);
};

// Barriers of the three pipelines: of BF16 blocks of A, of FP32 ones, of B.
template <class Config>
struct HcPrenormBarriers {
    uint32_t shared;  // start of dynamic shared memory

    __device__ __forceinline__ sm90::StageBarriers a() const { return {shared + Config::kOffsetBarriersA}; }
    __device__ __forceinline__ sm90::StageBarriers b() const { return {shared + Config::kOffsetBarriersB}; }
    __device__ __forceinline__ sm90::StageBarriers terms() const { return {shared + Config::kOffsetBarriersTerms}; }
    __device__ __forceinline__ uint32_t summed() const { return shared + Config::kOffsetFull; }

    // One thread initialises them. A stage of A is read by the warps that have rows of the tile.
    __device__ __forceinline__ void init(int warps_with_rows) const {
        a().init(sm90::kPrenormStagesA, 1, warps_with_rows);
        b().init(sm90::kPrenormStagesB, Config::kLoaderWarps, 1);
        terms().init(kPrenormTermStages, warps_with_rows, 1);
        ptx::mbarrier_init(summed(), 1);
    }
};

}  // namespace aotgemm::sm100
