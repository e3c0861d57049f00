// Of a tf32_hc_prenorm_gemm kernel on sm_90a: shared memory, threads, registers.
#pragma once

#include "sm90/tf32_hc_prenorm_gemm/config.cuh"
#include "sm90/tf32_hc_prenorm_gemm/launch_shape.hpp"

namespace aotgemm::sm90 {

template <int kColumns>
struct HcPrenormKernel : HcPrenormConfig<kColumns, kPrenormStagesB, kPrenormLoaders> {
    static constexpr int kThreads = prenorm_threads(kColumns);
    static constexpr bool kMovesRegisters = prenorm_moves_registers(kColumns);  // from one warpgroup to another
    static_assert(!kMovesRegisters || prenorm_registers(kColumns) <= 65536);
};

}  // namespace aotgemm::sm90
